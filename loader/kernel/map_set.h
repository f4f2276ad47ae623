// SPDX-License-Identifier: Apache-2.0
//
// MapSet: all maps of a node, made or adopted. With a pin directory, a map that
// an earlier run has pinned is adopted if its layout is ours, and whatever is
// made is pinned; without one the maps die with their users (tests, bench).
#ifndef FAIRLEAD_LOADER_KERNEL_MAP_SET_H_
#define FAIRLEAD_LOADER_KERNEL_MAP_SET_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "loader/kernel/embedded_objects.h"
#include "loader/kernel/map_sizes.h"
#include "maps/core/bpf_map.h"
#include "maps/tables.h"

namespace fairlead {

// Declared by a program for itself: neither shared nor pinned. Constants are, too
// (".rodata.cst16").
bool IsOfProgram(const std::string& map);

class MapSet {
 public:
  // `pin_directory` exists, or is empty: no pins.
  static absl::StatusOr<MapSet> Create(const MapSizes& sizes, const std::string& pin_directory);

  // The map of that name; it stays owned by the set.
  const BpfMap& Get(const std::string& name) const { return maps_.at(name); }
  const std::map<std::string, BpfMap>& maps() const { return maps_; }
  // True if the flow tables come from an earlier run.
  bool adopted() const { return adopted_; }

  // Typed, sharing the maps with the set.
  absl::StatusOr<Tables> Open() const;

 private:
  absl::Status AddMapsOf(const EmbeddedObject& embedded, const MapSizes& sizes,
                         const std::string& pin_directory);
  absl::Status Prepare(Tables& tables) const;

  std::map<std::string, BpfMap> maps_;
  bool adopted_ = false;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_MAP_SET_H_
