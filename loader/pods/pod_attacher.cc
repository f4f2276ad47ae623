// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/pod_attacher.h"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/netlink/links.h"
#include "loader/netlink/netns.h"
#include "loader/netlink/routes.h"
#include "loader/pods/pod_check.h"
#include "loader/pods/pod_mtu.h"
#include "loader/pods/pod_plumbing.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

bool IsPodDevice(const Link& link) {
  return IsPodIfindex(link.index) && link.kind == "veth" &&
         link.name == HostDeviceName(link.index - FL_POD_IFINDEX_BASE);
}

}  // namespace

PodAttacher::PodAttacher(PodRegistry registry, NetlinkSocket netlink, PodDataplane& dataplane)
    : registry_(std::move(registry)), netlink_(std::move(netlink)), dataplane_(dataplane) {}

absl::StatusOr<std::unique_ptr<PodAttacher>> PodAttacher::Create(const std::string& state_dir,
                                                                 PodDataplane& dataplane) {
  FL_ASSIGN_OR_RETURN(PodRegistry registry, PodRegistry::Open(state_dir));
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  return std::unique_ptr<PodAttacher>(
      new PodAttacher(std::move(registry), std::move(netlink), dataplane));
}

absl::StatusOr<RestoreReport> PodAttacher::Restore() {
  FL_ASSIGN_OR_RETURN(const std::vector<Link> links, ListLinks(netlink_));
  std::map<uint32_t, const Link*> devices;
  for (const Link& link : links) {
    if (IsPodDevice(link)) devices.emplace(link.index, &link);
  }
  RestoreReport report;
  for (const LocalPod& pod : pods()) {
    const auto device = devices.find(pod.ifindex);
    const bool present = device != devices.end();
    if (present && device->second->alias == CompletedAlias(pod)) {
      report.kept.push_back(pod);
    } else {
      if (present) {
        FL_RETURN_IF_ERROR(UnplumbPod(netlink_, pod));
      }
      registry_.Forget(pod);
      report.released.push_back(pod);
    }
    if (present) devices.erase(device);
  }
  for (const auto& [index, link] : devices) {
    registry_.ReserveSlot(index - FL_POD_IFINDEX_BASE);
    report.unknown_devices.push_back(link->name);
  }
  FL_RETURN_IF_ERROR(ReserveUnknownDevices(&report));
  // Of pods it begins a journal of this run and boot, also where nothing was released.
  is_saved_ = report.kept.empty() && report.released.empty();
  KeepSaved().IgnoreError();
  return report;
}

absl::Status PodAttacher::KeepSaved() {
  if (is_saved_) return absl::OkStatus();
  absl::Status status = registry_.Save();
  is_saved_ = status.ok();
  return status;
}

absl::Status PodAttacher::ReserveUnknownDevices(RestoreReport* report) {
  std::vector<IpAddress> addresses;
  if (!report->unknown_devices.empty()) {
    std::set<uint32_t> ours;
    for (const LocalPod& pod : report->kept) ours.insert(pod.ifindex);
    FL_ASSIGN_OR_RETURN(const std::vector<Route> routes,
                        ListRoutes(netlink_, {.protocol = kRouteProtocol}));
    for (const Route& route : routes) {
      if (IsPodIfindex(route.link_index) && !ours.contains(route.link_index)) {
        addresses.push_back(route.destination.address());
      }
    }
  }
  registry_.ReserveAddresses(std::move(addresses));
  return absl::OkStatus();
}

absl::Status PodAttacher::SetNode(const std::vector<Cidr>& pod_cidrs, uint32_t mtu) {
  return registry_.SetBlocks(pod_cidrs, mtu);
}

absl::StatusOr<std::vector<std::string>> PodAttacher::FollowMtu() {
  std::vector<LocalPod> changed;
  for (const auto& [id, pod] : attachments()) {
    if (pod.mtu == registry_.mtu()) continue;
    changed.push_back(pod);
    changed.back().mtu = registry_.mtu();
  }
  std::vector<std::string> unseen_names;
  if (registry_.mtu() == 0 || changed.empty()) return unseen_names;
  for (const LocalPod& pod : changed) {
    FL_RETURN_IF_ERROR(dataplane_.SetMtu(pod));
  }
  FL_ASSIGN_OR_RETURN(const std::vector<uint32_t> unseen,
                      SetPodMtu(netlink_, changed, registry_.mtu()));
  // Those out of sight are asked for again with the node's next change.
  std::erase_if(changed, [&](const LocalPod& pod) {
    const bool is_unseen = std::ranges::find(unseen, pod.slot) != unseen.end();
    if (is_unseen) unseen_names.push_back(fmt::format("{}/{}", pod.name_space, pod.name));
    return is_unseen;
  });
  FL_RETURN_IF_ERROR(registry_.Replace(changed));
  return unseen_names;
}

absl::Status PodAttacher::CheckReady() const { return registry_.CheckReady(); }

absl::Status PodAttacher::CheckNode() const { return dataplane_.CheckNode(); }

absl::Status PodAttacher::Check(const AttachmentId& id, const ExpectedPod& expected, int netns_fd) {
  const LocalPod* pod = registry_.Find(id);
  if (pod == nullptr) {
    return absl::NotFoundError(fmt::format(
        "{} of container {} is not attached by this node's fairleadd", id.second, id.first));
  }
  FL_RETURN_IF_ERROR(CheckForeignNetns(netns_fd));
  FL_RETURN_IF_ERROR(CheckWire(netlink_, *pod, expected, netns_fd));
  return dataplane_.CheckPod(*pod);
}

absl::Status PodAttacher::Attach(const LocalPod& pod, int netns_fd) {
  FL_RETURN_IF_ERROR(PlumbPod(netlink_, pod, netns_fd));
  absl::Status status = dataplane_.AddPod(pod);
  if (status.ok()) status = SetLinkAlias(netlink_, pod.ifindex, CompletedAlias(pod));
  if (status.ok()) return status;
  if (const absl::Status undo = dataplane_.RemovePod(pod); !undo.ok()) {
    LogError("undo of a failed attachment device={} error=\"{}\"", pod.host_device,
             undo.ToString());
  }
  if (const absl::Status undo = UnplumbPod(netlink_, pod); !undo.ok()) {
    LogError("undo of a failed attachment device={} error=\"{}\"", pod.host_device,
             undo.ToString());
  }
  dataplane_.ForgetDevice(pod);
  return status;
}

absl::StatusOr<LocalPod> PodAttacher::Add(const PodRequest& request, int netns_fd) {
  const AttachmentId id = IdOf(request);
  if (const LocalPod* known = registry_.Find(id); known != nullptr) {
    return absl::AlreadyExistsError(fmt::format("{} of container {} is attached already, as {}",
                                                id.second, id.first, known->host_device));
  }
  FL_RETURN_IF_ERROR(CheckForeignNetns(netns_fd));
  FL_ASSIGN_OR_RETURN(const LocalPod pod, registry_.Take(request));
  const absl::Status status = Attach(pod, netns_fd);
  if (status.ok()) return pod;
  if (const absl::Status released = registry_.Release(pod); !released.ok()) {
    LogError("save pods error=\"{}\"", released.ToString());
  }
  // An EEXIST of the kernel must not read as "attached already".
  return absl::InternalError(std::string(status.message()));
}

absl::Status PodAttacher::Remove(const std::string& container_id,
                                 const std::string& interface_name) {
  const LocalPod* found = registry_.Find({container_id, interface_name});
  if (found == nullptr) return absl::OkStatus();
  const LocalPod pod = *found;
  FL_RETURN_IF_ERROR(dataplane_.RemovePod(pod));
  FL_RETURN_IF_ERROR(UnplumbPod(netlink_, pod));
  dataplane_.ForgetDevice(pod);
  vanished_.erase({container_id, interface_name});
  return registry_.Release(pod);
}

void PodAttacher::NoteGone(uint32_t ifindex, Clock::time_point now) {
  if (const LocalPod* pod = registry_.FindDevice(ifindex); pod != nullptr) {
    vanished_.emplace(IdOf(*pod), now + kGrace);
  }
}

absl::Status PodAttacher::LookForGone(Clock::time_point now) {
  FL_ASSIGN_OR_RETURN(const std::vector<Link> links, ListLinks(netlink_));
  std::set<uint32_t> present;
  for (const Link& link : links) present.insert(link.index);
  for (const auto& [id, pod] : attachments()) {
    if (!present.contains(pod.ifindex)) NoteGone(pod.ifindex, now);
  }
  return absl::OkStatus();
}

std::vector<LocalPod> PodAttacher::ReleaseVanished(Clock::time_point now) {
  std::vector<LocalPod> released;
  std::vector<AttachmentId> due;
  for (const auto& [id, when] : vanished_) {
    if (when <= now) due.push_back(id);
  }
  for (const AttachmentId& id : due) {
    vanished_.erase(id);
    const LocalPod* found = registry_.Find(id);
    if (found == nullptr) continue;
    const LocalPod pod = *found;
    // The note may be about an earlier tenant of its slot.
    const absl::StatusOr<std::optional<Link>> link = FindLink(netlink_, pod.ifindex);
    if (link.ok() && link->has_value()) continue;
    if (link.ok() && Remove(id.first, id.second).ok()) {
      released.push_back(pod);
    } else {
      vanished_.emplace(id, now + kGrace);
    }
  }
  return released;
}

absl::Status PodAttacher::RemoveAll() {
  absl::Status first;
  for (const LocalPod& pod : pods()) {
    const absl::Status status = Remove(pod.container_id, pod.interface_name);
    if (first.ok()) first = status;
  }
  FL_ASSIGN_OR_RETURN(const std::vector<Link> links, ListLinks(netlink_));
  for (const Link& link : links) {
    if (!IsPodDevice(link)) continue;
    const absl::Status status = DeleteLink(netlink_, link.index);
    if (first.ok()) first = status;
  }
  return first;
}

}  // namespace fairlead
