// SPDX-License-Identifier: Apache-2.0
//
// How big the tables of a node are. They are made at full size: a packet never
// waits for memory.
#ifndef FAIRLEAD_LOADER_KERNEL_MAP_SIZES_H_
#define FAIRLEAD_LOADER_KERNEL_MAP_SIZES_H_

#include <cstdint>
#include <string>

namespace fairlead {

// Entries per family. Only of what is made; an adopted table keeps its size.
struct MapSizes {
  uint32_t flows = 262144;
  uint32_t half_open_buckets = 16384;  // a power of two; four flows each
  uint32_t services = 65536;           // frontends
  uint32_t runs = 524288;
  uint32_t backends = 131072;

  friend bool operator==(const MapSizes&, const MapSizes&) = default;
};

// What somebody asked for; 0: what suits the node.
struct WantedSizes {
  uint32_t flows = 0;
  uint32_t services = 0;
  uint32_t backends = 0;
};

// The bounds of what may be asked for.
inline constexpr uint32_t kFewestEntries = 64;
inline constexpr uint32_t kMostFlows = 1U << 24;
inline constexpr uint32_t kMostServices = 1U << 20;
inline constexpr uint32_t kMostBackends = 1U << 22;

// `memory`: bytes of the node. Without wishes the tables of both families take less than a
// twentieth of it from 4 GiB on. A service port has at most two runs of its backends; there is
// room for as many again, so that they can be replaced.
MapSizes SizesFor(const WantedSizes& wanted, uint64_t memory);

// Of this machine, in bytes.
uint64_t MemoryOfThisNode();

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_MAP_SIZES_H_
