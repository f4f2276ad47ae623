// SPDX-License-Identifier: Apache-2.0
//
// The headers of a packet to measure with. Ports and checksums are left zero:
// fresh_packet.bpf.c sets the ports, and nobody verifies the checksums.
#ifndef FAIRLEAD_BENCH_FRAMES_H_
#define FAIRLEAD_BENCH_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ip.h"

namespace fairlead::bench {

constexpr size_t kEthernetBytes = 14;
constexpr size_t IpHeaderBytes(Family family) { return family == Family::kIpv4 ? 20 : 40; }
constexpr size_t PortsOffset(Family family) { return kEthernetBytes + IpHeaderBytes(family); }

// What the transport header says.
enum class Segment { kSyn, kSynWithOptions, kSynAck, kAck, kUdp };

struct Ends {
  MacAddress source_mac{};
  IpAddress source;
  IpAddress destination;
};

// Ethernet to transport header and ten bytes of payload or a few more.
std::vector<std::byte> MakeFrame(const Ends& ends, Segment segment);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_FRAMES_H_
