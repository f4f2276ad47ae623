// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/pod_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/status_macros.h"

namespace fairlead::apply {
namespace {

pod ToEntry(const PodEntry& from, uint32_t generation) {
  pod entry{};
  entry.ifindex = from.ifindex;
  entry.generation = generation;
  std::ranges::copy(from.mac, entry.mac);
  entry.mtu = from.mtu;
  if (from.ip4.has_value()) entry.address4 = ToAbi<ip4>(*from.ip4);
  if (from.ip6.has_value()) entry.address6 = ToAbi<ip6>(*from.ip6);
  return entry;
}

template <typename Abi>
absl::Status PutAddress(FamilyTables<Abi>& tables, const std::optional<IpAddress>& address,
                        const pod_slot& slot) {
  if (!address.has_value()) return absl::OkStatus();
  return tables.pod_address.Put({ToAbi<typename Abi::Ip>(*address)}, slot);
}

// Only the slot's own entry: the address may have another tenant by now.
template <typename Abi>
absl::Status EraseAddress(FamilyTables<Abi>& tables, const typename Abi::Ip& address,
                          uint32_t slot) {
  FL_ASSIGN_OR_RETURN(const auto found, tables.pod_address.Find({address}));
  if (!found.has_value() || found->slot != slot) return absl::OkStatus();
  return tables.pod_address.Erase({address});
}

template <typename Abi>
absl::Status CheckAddress(const FamilyTables<Abi>& tables, const std::optional<IpAddress>& address,
                          const pod_slot& slot) {
  if (!address.has_value()) return absl::OkStatus();
  FL_ASSIGN_OR_RETURN(const auto found,
                      tables.pod_address.Find({ToAbi<typename Abi::Ip>(*address)}));
  if (found.has_value() && found->slot == slot.slot && found->generation == slot.generation) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      fmt::format("table pod_address does not lead from {} to the pod: restart fairleadd",
                  address->ToString()));
}

// The pod's own reports write here at the same time, those of others too: one of
// theirs that falls between our look and our write is lost, and made good by its
// repetition (bpf/answers/deliver_multicast.bpf.c).
template <typename Abi>
absl::Status LeaveGroups(FamilyTables<Abi>& tables, uint32_t slot) {
  if (tables.group_counts[slot] == 0) return absl::OkStatus();
  const uint64_t bit = uint64_t{1} << (slot % 64);
  FL_ASSIGN_OR_RETURN(const auto groups, tables.groups.Snapshot());
  for (auto [group, listeners] : groups) {
    if ((listeners.slots[slot / 64] & bit) == 0) continue;
    listeners.slots[slot / 64] &= ~bit;
    const bool empty =
        std::ranges::all_of(listeners.slots, [](uint64_t word) { return word == 0; });
    FL_RETURN_IF_ERROR(empty ? tables.groups.Erase(group) : tables.groups.Put(group, listeners));
  }
  tables.group_counts[slot] = 0;
  return absl::OkStatus();
}

}  // namespace

absl::Status PodTable::Put(const PodEntry& desired) {
  if (desired.slot >= tables_.pods.size()) {
    return absl::ResourceExhaustedError("table pods has no slot for another pod");
  }
  pod& entry = tables_.pods[desired.slot];
  const pod wanted = ToEntry(desired, entry.generation);
  if (entry.mtu != wanted.mtu) entry.mtu = wanted.mtu;
  if (std::memcmp(&entry, &wanted, sizeof(entry)) != 0) {
    FL_RETURN_IF_ERROR(Remove(desired.slot));
    // The interface index goes last: it is what makes the slot inhabited.
    pod next = ToEntry(desired, entry.generation);
    next.ifindex = 0;
    entry = next;
    tables_.snat_refused[desired.slot] = 0;
    std::atomic_thread_fence(std::memory_order_release);
    entry.ifindex = desired.ifindex;
  }
  const pod_slot slot{desired.slot, entry.generation};
  FL_RETURN_IF_ERROR(PutAddress(tables_.v4, desired.ip4, slot));
  return PutAddress(tables_.v6, desired.ip6, slot);
}

absl::Status PodTable::Remove(uint32_t slot) {
  pod& entry = tables_.pods[slot];
  if (entry.ifindex == 0) return absl::OkStatus();
  FL_RETURN_IF_ERROR(EraseAddress(tables_.v4, entry.address4, slot));
  FL_RETURN_IF_ERROR(EraseAddress(tables_.v6, entry.address6, slot));
  entry.generation = entry.generation + 1;
  std::atomic_thread_fence(std::memory_order_release);
  entry.ifindex = 0;
  // From here on guard_pod refuses its reports.
  FL_RETURN_IF_ERROR(LeaveGroups(tables_.v4, slot));
  return LeaveGroups(tables_.v6, slot);
}

absl::Status PodTable::Check(const PodEntry& desired) const {
  const pod& entry = tables_.pods[desired.slot];
  const pod wanted = ToEntry(desired, entry.generation);
  if (entry.ifindex != wanted.ifindex ||
      std::memcmp(entry.mac, wanted.mac, sizeof(entry.mac)) != 0) {
    return absl::FailedPreconditionError(fmt::format(
        "slot {} of table pods does not know the pod: restart fairleadd", desired.slot));
  }
  const pod_slot slot{desired.slot, entry.generation};
  FL_RETURN_IF_ERROR(CheckAddress(tables_.v4, desired.ip4, slot));
  return CheckAddress(tables_.v6, desired.ip6, slot);
}

std::vector<uint32_t> PodTable::slots() const {
  std::vector<uint32_t> slots;
  for (uint32_t slot = 0; slot < tables_.pods.size(); ++slot) {
    if (tables_.pods[slot].ifindex != 0) slots.push_back(slot);
  }
  return slots;
}

}  // namespace fairlead::apply
