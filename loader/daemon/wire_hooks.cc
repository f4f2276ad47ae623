// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/wire_hooks.h"

#include <iterator>

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/apply/reconcile.h"
#include "loader/attach/hook_links.h"
#include "loader/attach/xdp.h"
#include "loader/netlink/links.h"

namespace fairlead {
namespace {

constexpr char kCannotSend[] = "its driver cannot send for XDP";

}  // namespace

absl::StatusOr<std::optional<WireDevice>> LookAtWireDevice(uint32_t ifindex) {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link, FindLink(netlink, ifindex));
  if (!link.has_value()) return std::nullopt;
  FL_ASSIGN_OR_RETURN(const XdpFeatures features, ReadXdpFeatures(ifindex));
  return WireDevice{.mac = link->mac, .is_hardware = link->kind.empty(), .features = features};
}

void WireHooks::Say(uint32_t ifindex, const std::string& what) {
  if (std::string& last = said_[ifindex]; last != what) {
    LogInfo("uplink={} from_wire: {}", ifindex, what);
    last = what;
  }
}

absl::StatusOr<std::optional<bool>> WireHooks::IsNative(uint32_t ifindex, std::string& reason) {
  if (mode_ == "native") return true;
  if (mode_ == "generic") return false;
  reason = "off";
  if (mode_ == "off") return std::nullopt;
  FL_ASSIGN_OR_RETURN(const std::optional<WireDevice> device, look_(ifindex));
  // Devices that the kernel made up carry packets of the same machine: unsummed, and larger
  // than a frame, until XDP makes them small.
  reason = "not on a device without hardware";
  if (!device.has_value() || !device->is_hardware) return std::nullopt;
  reason = "the device's driver has no XDP";
  if (!device->features.runs_programs) return std::nullopt;
  reason = kCannotSend;
  // It may say now what it could not, as after a change of its queues.
  if (silent_.contains(ifindex) && !device->features.sends) return std::nullopt;
  return true;
}

// Those that are gone, or whose index is another device's by now.
absl::Status WireHooks::ForgetSilent() {
  for (auto it = silent_.begin(); it != silent_.end();) {
    FL_ASSIGN_OR_RETURN(const std::optional<WireDevice> device, look_(it->first));
    it = device.has_value() && device->mac == it->second ? std::next(it) : silent_.erase(it);
  }
  return absl::OkStatus();
}

absl::Status WireHooks::StayAtTc(uint32_t ifindex, const std::string& reason) {
  Say(ifindex, "not attached: " + reason);
  return attach::Detach(links_directory_, {HOOK_FROM_WIRE, ifindex});
}

absl::StatusOr<bool> WireHooks::FollowDevice(uint32_t ifindex) {
  std::string reason;
  FL_ASSIGN_OR_RETURN(const std::optional<bool> native, IsNative(ifindex, reason));
  if (!native.has_value()) {
    FL_RETURN_IF_ERROR(StayAtTc(ifindex, reason));
    return false;
  }
  const int program = programs_.fd(HOOK_FROM_WIRE, Family::kIpv4);
  const std::string pin = attach::PinOf(links_directory_, {HOOK_FROM_WIRE, ifindex}, Family::kIpv4);
  if (!attach::IsXdpAttached(program, ifindex, pin)) {
    const absl::Status status = attach::AttachXdp(program, ifindex, *native, pin);
    if (!status.ok()) {
      Say(ifindex, "not attached: " + std::string(status.message()));
      return false;
    }
  }
  if (!*native) {
    Say(ifindex, "attached, generic");
    return true;
  }
  FL_ASSIGN_OR_RETURN(const std::optional<WireDevice> device, look_(ifindex));
  const bool sends = device.has_value() && device->features.sends;
  if (!sends && mode_ == "auto") {
    if (device.has_value()) silent_[ifindex] = device->mac;
    FL_RETURN_IF_ERROR(StayAtTc(ifindex, kCannotSend));
    return false;
  }
  Say(ifindex, sends ? "attached, native"
                     : "attached, native; only drops, because the device, or a veth's "
                       "other end (gro on), cannot send for XDP");
  return sends;
}

absl::Status WireHooks::Follow(const std::vector<apply::Uplink>& uplinks) {
  apply::Desired<uint32_t, uint32_t> exits;
  absl::Status result = ForgetSilent();
  for (const apply::Uplink& uplink : uplinks) {
    const absl::StatusOr<bool> sends = FollowDevice(uplink.ifindex);
    result.Update(sends.status());
    if (sends.value_or(false)) exits.Put(uplink.ifindex, uplink.ifindex);
  }
  result.Update(apply::Reconcile(exits, apply::Unasked::kDelete, exits_));
  return result;
}

}  // namespace fairlead
