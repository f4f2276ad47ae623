// SPDX-License-Identifier: Apache-2.0
//
// RoomKeeper: this node's reassembly room, made when it can be, and seen to be there. Without one
// fragments out of order are dropped, and all else works.
#ifndef FAIRLEAD_LOADER_DAEMON_ROOM_KEEPER_H_
#define FAIRLEAD_LOADER_DAEMON_ROOM_KEEPER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fairlead {

class RoomKeeper {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Opens the room and attaches to it; the index of its near end.
  using Open = std::function<absl::StatusOr<uint32_t>()>;

  // Less than between two looks at the host. More often would be endless: a try makes and deletes
  // devices, which is a change of the host's network, after which we are asked again.
  static constexpr std::chrono::seconds kPatience{20};

  explicit RoomKeeper(Open open) : open_(std::move(open)) {}

  // The near end's index; 0: there is no room, and problem() says why.
  uint32_t Keep(Time now);
  const std::string& problem() const { return problem_; }

 private:
  Open open_;
  std::string problem_;       // "": none
  std::optional<Time> next_;  // not to be tried before; Time::max(): the kernel cannot
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_ROOM_KEEPER_H_
