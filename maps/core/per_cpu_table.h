// SPDX-License-Identifier: Apache-2.0
//
// PerCpuTable<Value>: an array map with one value per possible CPU.
#ifndef FAIRLEAD_MAPS_CORE_PER_CPU_TABLE_H_
#define FAIRLEAD_MAPS_CORE_PER_CPU_TABLE_H_

#include <bpf/libbpf.h>

#include <vector>

#include "maps/core/table.h"

namespace fairlead {

template <MapBytes Value>
class PerCpuTable {
 public:
  static_assert(sizeof(Value) % 8 == 0, "the kernel rounds per-CPU values up to eight bytes");

  PerCpuTable() = default;
  static absl::StatusOr<PerCpuTable> Open(BpfMap map) {
    if (absl::Status status = CheckSizes(map, sizeof(uint32_t), sizeof(Value)); !status.ok()) {
      return status;
    }
    PerCpuTable table;
    table.map_ = std::move(map);
    return table;
  }

  const BpfMap& map() const { return map_; }

  // One value per possible CPU, by CPU number.
  absl::StatusOr<std::vector<Value>> Read(uint32_t index) const {
    std::vector<Value> values(static_cast<size_t>(libbpf_num_possible_cpus()));
    if (index >= map_.max_entries()) return values;
    if (bpf_map_lookup_elem(map_.fd(), &index, values.data()) != 0) {
      return ErrnoStatus(errno, "look up in " + map_.name());
    }
    return values;
  }

 private:
  BpfMap map_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_CORE_PER_CPU_TABLE_H_
