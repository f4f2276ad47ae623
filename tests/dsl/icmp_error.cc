// SPDX-License-Identifier: Apache-2.0
//
// ICMP errors (RFC 792, 4443): a packet that quotes another.
#include <algorithm>

#include "tests/dsl/packet.h"

namespace fairlead::testing {

Packet IcmpError(const IpAddress& from, IcmpErrorKind kind, const Packet& quoted, size_t beyond) {
  const bool v4 = from.family() == Family::kIpv4;
  Bytes quote = quoted.IpBytes();
  const size_t header = TransportOf(quoted.ToBytes()).offset - 14;
  quote.resize(std::min(quote.size(), header + beyond));
  const IpAddress to = quoted.source().address;
  switch (kind) {
    case IcmpErrorKind::kPortUnreachable:
      return Icmp(from, to, v4 ? 3 : 1, v4 ? 3 : 4, 0, quote);
    case IcmpErrorKind::kPacketTooBig:
      return Icmp(from, to, v4 ? 3 : 2, v4 ? 4 : 0, 1280, quote);
    case IcmpErrorKind::kTimeExceeded:
      return Icmp(from, to, v4 ? 11 : 3, 0, 0, quote);
  }
  return {};
}

}  // namespace fairlead::testing
