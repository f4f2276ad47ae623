// SPDX-License-Identifier: Apache-2.0
//
// ICMP errors (RFC 792, 4443): a packet that quotes another.
#include <algorithm>

#include "tests/dsl/packet.h"

namespace fairlead::testing {

namespace {

constexpr size_t kOwnQuote = 128;

Packet Error(const IpAddress& from, IcmpErrorKind kind, const IpAddress& to, uint32_t mtu,
             const Bytes& quote) {
  const bool v4 = from.family() == Family::kIpv4;
  switch (kind) {
    case IcmpErrorKind::kPortUnreachable:
      return Icmp(from, to, v4 ? 3 : 1, v4 ? 3 : 4, 0, quote);
    case IcmpErrorKind::kPacketTooBig:
      return Icmp(from, to, v4 ? 3 : 2, v4 ? 4 : 0, mtu, quote);
    case IcmpErrorKind::kTimeExceeded:
      return Icmp(from, to, v4 ? 11 : 3, 0, 0, quote);
  }
  return {};
}

}  // namespace

Packet IcmpError(const IpAddress& from, IcmpErrorKind kind, const Packet& quoted, size_t beyond) {
  Bytes quote = quoted.IpBytes();
  const size_t header = TransportOf(quoted.ToBytes()).offset - 14;
  quote.resize(std::min(quote.size(), header + beyond));
  return Error(from, kind, quoted.source().address, 1280, quote);
}

Packet OwnIcmpError(const IpAddress& from, IcmpErrorKind kind, const Packet& quoted, uint32_t mtu) {
  Bytes quote = quoted.IpBytes();
  quote.resize(std::min(quote.size(), kOwnQuote));
  return Error(from, kind, quoted.source().address, mtu, quote);
}

}  // namespace fairlead::testing
