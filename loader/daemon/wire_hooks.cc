// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/wire_hooks.h"

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/apply/reconcile.h"
#include "loader/attach/hook_links.h"
#include "loader/attach/xdp.h"
#include "loader/netlink/links.h"
#include "loader/netlink/xdp_features.h"

namespace fairlead {

void WireHooks::Say(uint32_t ifindex, const std::string& what) {
  if (std::string& last = said_[ifindex]; last != what) {
    LogInfo("uplink={} from_wire: {}", ifindex, what);
    last = what;
  }
}

absl::StatusOr<std::optional<bool>> WireHooks::IsNative(uint32_t ifindex,
                                                        std::string& reason) const {
  if (mode_ == "native") return true;
  if (mode_ == "generic") return false;
  reason = "off";
  if (mode_ == "off") return std::nullopt;
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link, FindLink(netlink, ifindex));
  FL_ASSIGN_OR_RETURN(const XdpFeatures features, ReadXdpFeatures(ifindex));
  // Devices that the kernel made up carry packets of the same machine: unsummed, and larger
  // than a frame, until XDP makes them small.
  reason = "not on a device without hardware";
  if (!link.has_value() || !link->kind.empty()) return std::nullopt;
  reason = "the device's driver has no XDP";
  return features.runs_programs ? std::optional(true) : std::nullopt;
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
  FL_ASSIGN_OR_RETURN(const XdpFeatures features, ReadXdpFeatures(ifindex));
  if (!features.sends && mode_ == "auto") {
    FL_RETURN_IF_ERROR(StayAtTc(ifindex, "its driver cannot send for XDP"));
    return false;
  }
  Say(ifindex, features.sends ? "attached, native"
                              : "attached, native; only drops, because the device, or a veth's "
                                "other end (gro on), cannot send for XDP");
  return features.sends;
}

absl::Status WireHooks::Follow(const std::vector<apply::Uplink>& uplinks) {
  apply::Desired<uint32_t, uint32_t> exits;
  absl::Status result;
  for (const apply::Uplink& uplink : uplinks) {
    const absl::StatusOr<bool> sends = FollowDevice(uplink.ifindex);
    result.Update(sends.status());
    if (sends.value_or(false)) exits.Put(uplink.ifindex, uplink.ifindex);
  }
  result.Update(apply::Reconcile(exits, apply::Unasked::kDelete, exits_));
  return result;
}

}  // namespace fairlead
