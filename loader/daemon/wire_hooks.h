// SPDX-License-Identifier: Apache-2.0
//
// WireHooks: from_wire on the uplinks where --xdp wants it and the device can, and
// `wire_exits`, the devices that it may send by. Where it is not, from_network does
// all of its work: nothing here is an error, and the log says once what keeps a
// device from it (docs/decisions/0027).
#ifndef FAIRLEAD_LOADER_DAEMON_WIRE_HOOKS_H_
#define FAIRLEAD_LOADER_DAEMON_WIRE_HOOKS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/apply/node_tables.h"
#include "loader/kernel/programs.h"
#include "loader/netlink/xdp_features.h"
#include "maps/core/table.h"

namespace fairlead {

// A device as it is now.
struct WireDevice {
  MacAddress mac{};
  bool is_hardware = false;  // nothing that the kernel made up
  XdpFeatures features;
};

// nullopt: there is no such device.
absl::StatusOr<std::optional<WireDevice>> LookAtWireDevice(uint32_t ifindex);

class WireHooks {
 public:
  using Look = std::function<absl::StatusOr<std::optional<WireDevice>>(uint32_t ifindex)>;

  // `mode`: auto, native, generic, off. Programs and table outlive this object.
  WireHooks(std::string mode, std::string links_directory, const Programs& programs,
            Table<uint32_t, uint32_t>& exits, Look look = LookAtWireDevice)
      : mode_(std::move(mode)),
        links_directory_(std::move(links_directory)),
        programs_(programs),
        exits_(exits),
        look_(std::move(look)) {}

  // Attaches, or swaps in our program; takes it off where it is not wanted. Devices that are no
  // uplinks any more are detached by their pins, as from other hooks.
  absl::Status Follow(const std::vector<apply::Uplink>& uplinks);

 private:
  // True if from_wire may send by the device.
  absl::StatusOr<bool> FollowDevice(uint32_t ifindex);
  // Native or generic; nullopt, and the reason: neither.
  absl::StatusOr<std::optional<bool>> IsNative(uint32_t ifindex, std::string& reason);
  absl::Status ForgetSilent();
  absl::Status StayAtTc(uint32_t ifindex, const std::string& reason);
  void Say(uint32_t ifindex, const std::string& what);

  std::string mode_, links_directory_;
  const Programs& programs_;
  Table<uint32_t, uint32_t>& exits_;
  Look look_;
  std::map<uint32_t, std::string> said_;  // of each device, last
  // Devices that turned out, with our program on them, not to send. Some drivers restart the
  // port for every attaching and detaching, so one try is all that `auto` makes.
  std::map<uint32_t, MacAddress> silent_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_WIRE_HOOKS_H_
