// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/backend_table.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <atomic>
#include <optional>

namespace fairlead::apply {
namespace {

uint16_t StateOf(const plan::PlannedBackend& backend) {
  return static_cast<uint16_t>(BACKEND_LIVE | (backend.in_cluster ? BACKEND_IN_CLUSTER : 0U) |
                               (backend.in_local ? BACKEND_IN_LOCAL : 0U));
}

// What other CPUs must see before what follows: the map is shared memory.
void Publish() { std::atomic_thread_fence(std::memory_order_release); }

}  // namespace

template <typename Abi>
BackendTable<Abi>::BackendTable(FamilyTables<Abi>& tables,
                                std::map<uint32_t, BackendNumbers>& services)
    : table_(&tables.backends) {
  std::vector<bool> used(table_->size());
  for (uint32_t number = 0; number < table_->size(); ++number) {
    const auto& backend = (*table_)[number];
    if (backend.state == BACKEND_FREE) continue;
    const auto owner = services.find(backend.service);
    if (owner == services.end()) {
      // Of a daemon that died between a backend and its service.
      Free(number);
      continue;
    }
    owner->second[{FromAbi(backend.address), ntohs(backend.port)}] = number;
    used[number] = true;
  }
  numbers_ = NumberQueue(used);
}

template <typename Abi>
absl::Status BackendTable<Abi>::Put(uint32_t service,
                                    const std::vector<plan::PlannedBackend>& planned,
                                    BackendNumbers& numbers) {
  for (const plan::PlannedBackend& backend : planned) {
    const auto found = numbers.find(backend.endpoint);
    if (found != numbers.end()) {
      auto& slot = (*table_)[found->second];
      if (slot.state != StateOf(backend)) slot.state = StateOf(backend);
      continue;
    }
    const std::optional<uint32_t> number = numbers_.Take();
    if (!number.has_value()) {
      return absl::ResourceExhaustedError(
          fmt::format("table backends{} is full ({} entries)", Abi::kDigit, table_->size()));
    }
    auto& slot = (*table_)[*number];
    slot.address = ToAbi<typename Abi::Ip>(backend.endpoint.address);
    slot.port = htons(backend.endpoint.port);
    slot.service = service;
    Publish();
    slot.state = StateOf(backend);
    numbers[backend.endpoint] = *number;
  }
  return absl::OkStatus();
}

template <typename Abi>
void BackendTable<Abi>::Remove(const std::set<Endpoint>& kept, BackendNumbers& numbers) {
  for (auto it = numbers.begin(); it != numbers.end();) {
    if (kept.contains(it->first)) {
      ++it;
      continue;
    }
    Free(it->second);
    numbers_.GiveBack(it->second);
    it = numbers.erase(it);
  }
}

template <typename Abi>
void BackendTable<Abi>::Free(uint32_t number) {
  auto& slot = (*table_)[number];
  // The generation goes first: a flow that looks now is already told that its
  // backend is gone, and no later tenant can be taken for it.
  slot.generation = slot.generation + 1;
  Publish();
  slot.state = BACKEND_FREE;
  slot.service = 0;
}

template class BackendTable<Abi4>;
template class BackendTable<Abi6>;

}  // namespace fairlead::apply
