// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/map_sizes.h"

#include <sys/sysinfo.h>

#include <algorithm>
#include <bit>

namespace fairlead {
namespace {

// A power of two, one entry for so many bytes of memory.
uint32_t OnePer(uint64_t bytes, uint64_t memory, uint32_t least, uint32_t most) {
  const uint64_t share = std::bit_floor(std::max<uint64_t>(memory / bytes, 1));
  return static_cast<uint32_t>(std::clamp<uint64_t>(share, least, most));
}

uint32_t Or(uint32_t wanted, uint32_t otherwise) { return wanted != 0 ? wanted : otherwise; }

constexpr uint64_t kKib = 1024;

}  // namespace

MapSizes SizesFor(const WantedSizes& wanted, uint64_t memory) {
  MapSizes sizes;
  sizes.flows = Or(wanted.flows, OnePer(16 * kKib, memory, 1U << 16, 1U << 18));
  sizes.services = Or(wanted.services, OnePer(64 * kKib, memory, 1U << 14, 1U << 17));
  sizes.backends = Or(wanted.backends, OnePer(32 * kKib, memory, 1U << 16, 1U << 18));
  sizes.runs = 4 * sizes.backends;
  return sizes;
}

uint64_t MemoryOfThisNode() {
  struct sysinfo info{};
  if (sysinfo(&info) != 0) return 0;
  return uint64_t{info.totalram} * info.mem_unit;
}

}  // namespace fairlead
