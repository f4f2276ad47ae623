// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/pod_attacher.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/netlink/links.h"
#include "loader/netlink/netns.h"
#include "loader/netlink/routes.h"
#include "loader/pods/pod_check.h"
#include "loader/pods/pod_plumbing.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

// How many freed numbers of each kind are worth remembering over a restart.
constexpr size_t kRememberedFreed = 256;
constexpr uint32_t kSmallestIpv4Mtu = 576;   // RFC 791
constexpr uint32_t kSmallestIpv6Mtu = 1280;  // RFC 8200

absl::StatusOr<MacAddress> RandomMac() {
  MacAddress mac;
  if (::getrandom(mac.data(), mac.size(), 0) != static_cast<ssize_t>(mac.size())) {
    return ErrnoStatus(errno, "get random bytes for a MAC address");
  }
  mac[0] = static_cast<uint8_t>((mac[0] & 0xfc) | 0x02);  // unicast, locally administered
  return mac;
}

absl::Status TooManyPods() {
  return absl::ResourceExhaustedError(
      fmt::format("this node has {} pods, the most it can have", FL_MAX_PODS));
}

PodAddresses AddressesOf(const LocalPod& pod) { return {.ip4 = pod.ip4, .ip6 = pod.ip6}; }

PodAddresses AsPodAddresses(const IpAddress& address) {
  PodAddresses addresses;
  (address.family() == Family::kIpv4 ? addresses.ip4 : addresses.ip6) = address;
  return addresses;
}

bool IsPodDevice(const Link& link) {
  const uint32_t slot = link.index - FL_POD_IFINDEX_BASE;
  return slot < FL_MAX_PODS && link.kind == "veth" && link.name == HostDeviceName(slot);
}

template <typename T>
void KeepLast(std::vector<T>& list, size_t count) {
  if (list.size() > count) {
    list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(count));
  }
}

}  // namespace

PodAttacher::PodAttacher(PodStore store, NetlinkSocket netlink, PodDataplane& dataplane)
    : store_(std::move(store)),
      netlink_(std::move(netlink)),
      dataplane_(dataplane),
      slots_(0, FL_MAX_PODS) {}

absl::StatusOr<std::unique_ptr<PodAttacher>> PodAttacher::Create(const std::string& state_dir,
                                                                 PodDataplane& dataplane) {
  FL_ASSIGN_OR_RETURN(PodStore store, PodStore::Open(state_dir));
  FL_ASSIGN_OR_RETURN(PodState state, store.Load());
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  std::unique_ptr<PodAttacher> attacher(
      new PodAttacher(std::move(store), std::move(netlink), dataplane));
  for (LocalPod& pod : state.pods) {
    attacher->slots_.Reserve(pod.slot);
    Key key(pod.container_id, pod.interface_name);
    attacher->pods_.emplace(std::move(key), std::move(pod));
  }
  attacher->slots_.RememberFreed({state.freed_slots.begin(), state.freed_slots.end()});
  attacher->freed_addresses_ = std::move(state.freed_addresses);
  return attacher;
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
      Forget(pod);
      report.released.push_back(pod);
    }
    if (present) devices.erase(device);
  }
  for (const auto& [index, link] : devices) {
    slots_.Reserve(index - FL_POD_IFINDEX_BASE);
    report.unknown_devices.push_back(link->name);
  }
  FL_RETURN_IF_ERROR(ReserveUnknownDevices(&report));
  if (!report.released.empty()) {
    FL_RETURN_IF_ERROR(Save());
  }
  return report;
}

absl::Status PodAttacher::ReserveUnknownDevices(RestoreReport* report) {
  reserved_addresses_.clear();
  if (report->unknown_devices.empty()) return absl::OkStatus();
  std::set<uint32_t> ours;
  for (const LocalPod& pod : report->kept) ours.insert(pod.ifindex);
  FL_ASSIGN_OR_RETURN(const std::vector<Route> routes,
                      ListRoutes(netlink_, {.protocol = kRouteProtocol}));
  for (const Route& route : routes) {
    const bool of_a_pod = route.link_index - FL_POD_IFINDEX_BASE < FL_MAX_PODS;
    if (of_a_pod && !ours.contains(route.link_index)) {
      reserved_addresses_.push_back(route.destination.address());
    }
  }
  return absl::OkStatus();
}

absl::Status PodAttacher::SetNode(const std::vector<Cidr>& pod_cidrs, uint32_t mtu) {
  FL_ASSIGN_OR_RETURN(Ipam ipam, Ipam::Make(pod_cidrs));
  const uint32_t smallest = ipam.has_ipv6() ? kSmallestIpv6Mtu : kSmallestIpv4Mtu;
  if (!ipam.empty() && mtu < smallest) {
    return absl::InvalidArgumentError(fmt::format(
        "a pod MTU of {} is below {}, the least of its addresses' families", mtu, smallest));
  }
  for (const auto& [key, pod] : pods_) ipam.Reserve(AddressesOf(pod));
  for (const IpAddress& address : reserved_addresses_) ipam.Reserve(AsPodAddresses(address));
  std::ranges::copy(ipam_.Freed(), std::back_inserter(freed_addresses_));
  ipam.RememberFreed(freed_addresses_);
  freed_addresses_.clear();
  ipam_ = std::move(ipam);
  mtu_ = mtu;
  return absl::OkStatus();
}

absl::Status PodAttacher::CheckReady() const {
  if (ipam_.empty()) {
    return absl::FailedPreconditionError(
        "this node has no podCIDR yet: give its Node object one (spec.podCIDRs)");
  }
  if (pods_.size() >= FL_MAX_PODS) return TooManyPods();
  return ipam_.CheckFree();
}

absl::Status PodAttacher::CheckNode() const { return dataplane_.CheckNode(); }

absl::Status PodAttacher::Check(const AttachmentId& id, const ExpectedPod& expected, int netns_fd) {
  const auto found = pods_.find(id);
  if (found == pods_.end()) {
    return absl::NotFoundError(
        fmt::format("{} of container {} is not attached by this node's "
                    "fairleadd",
                    id.second, id.first));
  }
  FL_RETURN_IF_ERROR(CheckForeignNetns(netns_fd));
  FL_RETURN_IF_ERROR(CheckWire(netlink_, found->second, expected, netns_fd));
  return dataplane_.CheckPod(found->second);
}

absl::StatusOr<LocalPod> PodAttacher::Allocate(const PodRequest& request) {
  const std::optional<uint64_t> slot = slots_.Take();
  if (!slot) return TooManyPods();
  LocalPod pod;
  pod.slot = static_cast<uint32_t>(*slot);
  pod.ifindex = FL_POD_IFINDEX_BASE + pod.slot;
  pod.host_device = HostDeviceName(pod.slot);
  pod.container_id = request.container_id;
  pod.interface_name = request.interface_name;
  pod.name_space = request.name_space;
  pod.name = request.name;
  pod.uid = request.uid;
  pod.mtu = mtu_;
  pod.port_mappings = request.port_mappings;
  pod.network = request.network;
  const absl::StatusOr<PodAddresses> addresses =
      ipam_.Take({.ip4 = request.ip4, .ip6 = request.ip6});
  const absl::StatusOr<MacAddress> mac = request.mac ? *request.mac : RandomMac();
  if (addresses.ok() && mac.ok()) {
    pod.ip4 = addresses->ip4;
    pod.ip6 = addresses->ip6;
    pod.mac = *mac;
    return pod;
  }
  if (addresses.ok()) ipam_.Release(*addresses);
  slots_.Release(*slot);
  return addresses.ok() ? mac.status() : addresses.status();
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
  if (ipam_.empty()) return CheckReady();
  const Key key(request.container_id, request.interface_name);
  if (const auto known = pods_.find(key); known != pods_.end()) {
    return absl::AlreadyExistsError(fmt::format("{} of container {} is attached already, as {}",
                                                request.interface_name, request.container_id,
                                                known->second.host_device));
  }
  FL_RETURN_IF_ERROR(CheckForeignNetns(netns_fd));
  FL_ASSIGN_OR_RETURN(const LocalPod pod, Allocate(request));
  pods_.emplace(key, pod);
  absl::Status status = Save();
  if (status.ok()) status = Attach(pod, netns_fd);
  if (status.ok()) return pod;
  Forget(pod);
  // What the file then says too much, the next Save or Restore takes back.
  if (const absl::Status saved = Save(); !saved.ok()) {
    LogError("save pods error=\"{}\"", saved.ToString());
  }
  // An EEXIST of the kernel must not read as "attached already".
  return absl::InternalError(std::string(status.message()));
}

absl::Status PodAttacher::Remove(const std::string& container_id,
                                 const std::string& interface_name) {
  const auto found = pods_.find(Key(container_id, interface_name));
  if (found == pods_.end()) return absl::OkStatus();
  const LocalPod pod = found->second;
  FL_RETURN_IF_ERROR(dataplane_.RemovePod(pod));
  FL_RETURN_IF_ERROR(UnplumbPod(netlink_, pod));
  dataplane_.ForgetDevice(pod);
  Forget(pod);
  return Save();
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

std::vector<LocalPod> PodAttacher::pods() const {
  std::vector<LocalPod> list;
  for (const auto& [key, pod] : pods_) list.push_back(pod);
  std::ranges::sort(list, {}, &LocalPod::slot);
  return list;
}

void PodAttacher::Forget(const LocalPod& pod) {
  slots_.Release(pod.slot);
  ipam_.Release(AddressesOf(pod));
  // Before SetNode there is no pool to take them back.
  if (ipam_.empty()) {
    if (pod.ip4) freed_addresses_.push_back(*pod.ip4);
    if (pod.ip6) freed_addresses_.push_back(*pod.ip6);
  }
  pods_.erase(Key(pod.container_id, pod.interface_name));
}

absl::Status PodAttacher::Save() {
  PodState state;
  state.pods = pods();
  state.freed_slots.assign(slots_.freed().begin(), slots_.freed().end());
  KeepLast(state.freed_slots, kRememberedFreed);
  state.freed_addresses = ipam_.empty() ? freed_addresses_ : ipam_.Freed();
  KeepLast(state.freed_addresses, 2 * kRememberedFreed);
  return store_.Save(state);
}

}  // namespace fairlead
