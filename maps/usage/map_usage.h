// SPDX-License-Identifier: Apache-2.0
//
// What each map is for, how full it is and what it costs.
#ifndef FAIRLEAD_MAPS_USAGE_MAP_USAGE_H_
#define FAIRLEAD_MAPS_USAGE_MAP_USAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "maps/core/bpf_map.h"
#include "maps/tables.h"

namespace fairlead {

// One line on a map of this name ("services4"); empty for names we do not know.
std::string MapPurpose(const std::string& name);

struct MapUsage {
  std::string name;
  std::string type;  // "hash", "array", as bpftool says
  uint32_t key_bytes = 0;
  uint32_t value_bytes = 0;
  uint64_t max = 0;
  std::optional<uint64_t> used;  // absent: the map is always as full as it gets
  uint64_t memory_bytes = 0;     // kernel memory, as charged
  bool fills_up = false;         // something is refused when it is full
};

// All maps of the node, pinned in `directory`, in the order of maps/README.md. Counts what is in
// use: a pass over mapped memory for arrays, a system call per entry for hashes.
absl::StatusOr<std::vector<MapUsage>> ReadMapUsage(const Tables& tables,
                                                   const std::string& directory);

// Kernel memory charged for a map; 0 if the kernel does not tell.
uint64_t MapMemory(const BpfMap& map);

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_USAGE_MAP_USAGE_H_
