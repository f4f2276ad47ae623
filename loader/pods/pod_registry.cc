// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/pod_registry.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <utility>

#include "base/errno_status.h"
#include "base/status_macros.h"
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

template <typename T>
void KeepLast(std::vector<T>& list, size_t count) {
  if (list.size() > count) {
    list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(count));
  }
}

}  // namespace

PodRegistry::PodRegistry(PodStore store) : store_(std::move(store)), slots_(0, FL_MAX_PODS) {}

absl::StatusOr<PodRegistry> PodRegistry::Open(const std::string& state_dir) {
  FL_ASSIGN_OR_RETURN(PodStore store, PodStore::Open(state_dir, CurrentBootId()));
  FL_ASSIGN_OR_RETURN(PodState state, store.Load());
  PodRegistry registry(std::move(store));
  for (LocalPod& pod : state.pods) {
    registry.slots_.Reserve(pod.slot);
    registry.last_serial_ = std::max(registry.last_serial_, pod.serial);
    AttachmentId id = IdOf(pod);
    registry.pods_.emplace(std::move(id), std::move(pod));
  }
  registry.slots_.RememberFreed({state.freed_slots.begin(), state.freed_slots.end()});
  registry.freed_addresses_ = std::move(state.freed_addresses);
  return registry;
}

absl::Status PodRegistry::SetBlocks(const std::vector<Cidr>& blocks, uint32_t mtu) {
  FL_ASSIGN_OR_RETURN(Ipam ipam, Ipam::Make(blocks));
  const uint32_t smallest = ipam.has_ipv6() ? kSmallestIpv6Mtu : kSmallestIpv4Mtu;
  if (!ipam.empty() && mtu < smallest) {
    return absl::InvalidArgumentError(fmt::format(
        "a pod MTU of {} is below {}, the least of its addresses' families", mtu, smallest));
  }
  for (const auto& [id, pod] : pods_) ipam.Reserve(AddressesOf(pod));
  for (const IpAddress& address : reserved_addresses_) ipam.Reserve(AsPodAddresses(address));
  std::ranges::copy(ipam_.Freed(), std::back_inserter(freed_addresses_));
  ipam.RememberFreed(freed_addresses_);
  freed_addresses_.clear();
  ipam_ = std::move(ipam);
  mtu_ = mtu;
  return absl::OkStatus();
}

bool PodRegistry::IsInBlocks(const IpAddress& address) const {
  return ipam_.Covers(address.family() == Family::kIpv4 ? PodAddresses{.ip4 = address}
                                                        : PodAddresses{.ip6 = address});
}

std::vector<LocalPod> PodRegistry::Strays() const {
  std::vector<LocalPod> strays;
  if (ipam_.empty()) return strays;
  for (const auto& [id, pod] : pods_) {
    if (!ipam_.Covers(AddressesOf(pod))) strays.push_back(pod);
  }
  return strays;
}

void PodRegistry::ReserveAddresses(std::vector<IpAddress> addresses) {
  reserved_addresses_ = std::move(addresses);
}

absl::Status PodRegistry::CheckReady() const {
  if (ipam_.empty()) {
    return absl::FailedPreconditionError(
        "this node has no podCIDR yet: give its Node object one (spec.podCIDRs)");
  }
  return slots_.used() < slots_.count() ? ipam_.CheckFree() : TooManyPods();
}

absl::StatusOr<LocalPod> PodRegistry::Allocate(const PodRequest& request) {
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
  pod.serial = ++last_serial_;
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

absl::StatusOr<LocalPod> PodRegistry::Take(const PodRequest& request) {
  if (ipam_.empty()) return CheckReady();
  FL_ASSIGN_OR_RETURN(const LocalPod pod, Allocate(request));
  pods_.emplace(IdOf(pod), pod);
  ++changes_;
  const absl::Status status = store_.NeedsSave() ? Save() : store_.AppendAdd(pod);
  if (status.ok()) return pod;
  Forget(pod);
  return status;
}

absl::Status PodRegistry::Release(const LocalPod& pod) {
  Forget(pod);
  return store_.NeedsSave() ? Save() : store_.AppendRemove(pod.slot);
}

void PodRegistry::Forget(const LocalPod& pod) {
  const AttachmentId id = IdOf(pod);
  slots_.Release(pod.slot);
  ipam_.Release(AddressesOf(pod));
  // Before SetBlocks there is no pool to take them back.
  if (ipam_.empty()) {
    if (pod.ip4) freed_addresses_.push_back(*pod.ip4);
    if (pod.ip6) freed_addresses_.push_back(*pod.ip6);
  }
  pods_.erase(id);
  ++changes_;
}

absl::Status PodRegistry::Replace(const std::vector<LocalPod>& pods) {
  for (const LocalPod& pod : pods) {
    const auto found = pods_.find(IdOf(pod));
    if (found != pods_.end()) found->second = pod;
  }
  return Save();
}

absl::Status PodRegistry::Save() {
  PodState state;
  state.pods = pods();
  state.freed_slots.assign(slots_.freed().begin(), slots_.freed().end());
  KeepLast(state.freed_slots, kRememberedFreed);
  state.freed_addresses = ipam_.empty() ? freed_addresses_ : ipam_.Freed();
  KeepLast(state.freed_addresses, 2 * kRememberedFreed);
  return store_.Save(state);
}

const LocalPod* PodRegistry::Find(const AttachmentId& id) const {
  const auto found = pods_.find(id);
  return found == pods_.end() ? nullptr : &found->second;
}

const LocalPod* PodRegistry::FindDevice(uint32_t ifindex) const {
  for (const auto& [id, pod] : pods_) {
    if (pod.ifindex == ifindex) return &pod;
  }
  return nullptr;
}

std::vector<LocalPod> PodRegistry::pods() const {
  std::vector<LocalPod> list;
  list.reserve(pods_.size());
  for (const auto& [id, pod] : pods_) list.push_back(pod);
  std::ranges::sort(list, {}, &LocalPod::slot);
  return list;
}

}  // namespace fairlead
