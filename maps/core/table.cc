// SPDX-License-Identifier: Apache-2.0
#include "maps/core/table.h"

#include <fmt/format.h>

namespace fairlead {

absl::Status CheckSizes(const BpfMap& map, size_t key_size, size_t value_size) {
  if (map.key_size() == key_size && map.value_size() == value_size) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("map {} has keys of {} and values of {} bytes, this program knows {} and {}",
                  map.name(), map.key_size(), map.value_size(), key_size, value_size));
}

}  // namespace fairlead
