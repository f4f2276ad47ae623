// SPDX-License-Identifier: Apache-2.0
//
// SYNs to one address, each from a source of its own, as fast as one CPU makes
// them: whole frames on a packet socket, past the sender's own stack.
#ifndef FAIRLEAD_BENCH_FLOOD_SYN_FLOOD_H_
#define FAIRLEAD_BENCH_FLOOD_SYN_FLOOD_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "base/ip.h"

namespace fairlead::bench {

// Where the flood's sources are from. Nobody else is there.
inline constexpr char kFloodSources4[] = "11.0.0.0/8";
inline constexpr char kFloodSources6[] = "2001:db8:f100::/48";
inline constexpr uint64_t kMostSources = 1ULL << 24;

struct FloodTarget {
  std::string network_namespace;  // of the sender
  std::string device;
  MacAddress mac{};  // of whom the frames are for
  Endpoint address;
};

// `count` frames, at most kMostSources; blocks until they have been sent. Returns the seconds.
absl::StatusOr<double> SendSyns(const FloodTarget& target, uint64_t count);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_FLOOD_SYN_FLOOD_H_
