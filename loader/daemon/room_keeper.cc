// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/room_keeper.h"

#include <fmt/format.h>

namespace fairlead {

uint32_t RoomKeeper::Keep(Time now) {
  if (next_.has_value() && now < *next_) return 0;
  const absl::StatusOr<uint32_t> near_end = open_();
  if (near_end.ok()) {
    next_.reset();
    problem_.clear();
    return *near_end;
  }
  next_ = absl::IsUnimplemented(near_end.status()) ? Time::max() : now + kPatience;
  problem_ =
      fmt::format("fragments out of order are dropped (ORPHAN_FRAGMENT), no reassembly room: {}",
                  std::string(near_end.status().message()));
  return 0;
}

}  // namespace fairlead
