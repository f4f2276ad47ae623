// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/backend_table.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <atomic>
#include <optional>

#include "maps/service/service_port_abi.h"

namespace fairlead::apply {
namespace {

// In `service`, which begins at 1.
constexpr uint32_t kRetired = 0;

uint8_t StateOf(const plan::PlannedBackend& backend) {
  return static_cast<uint8_t>(BACKEND_LIVE | (backend.in_cluster ? BACKEND_IN_CLUSTER : 0U) |
                              (backend.in_local ? BACKEND_IN_LOCAL : 0U) |
                              (backend.on_host ? BACKEND_ON_HOST : 0U));
}

// Of its port, network byte order, in `service_ports`.
uint32_t BitOf(uint16_t port) {
  return SERVICE_PORT_WORD(SERVICE_PORT_OF_BACKEND, ntohs(port)) * 32 + ntohs(port) % 32;
}

// Datagrams go to another backend at once, whatever became of their first.
bool OutlivesItsService(Protocol protocol) { return protocol != Protocol::kUdp; }

// Those that are not `kept`, each after `leave` has heard of it.
template <typename Leave>
void TakeOut(const std::set<Endpoint>& kept, BackendNumbers& numbers, const Leave& leave) {
  for (auto it = numbers.begin(); it != numbers.end();) {
    if (kept.contains(it->first)) {
      ++it;
      continue;
    }
    leave(it->first, it->second);
    it = numbers.erase(it);
  }
}

// What other CPUs must see before what follows: the map is shared memory.
void Publish() { std::atomic_thread_fence(std::memory_order_release); }

}  // namespace

template <typename Abi>
BackendTable<Abi>::BackendTable(FamilyTables<Abi>& tables,
                                std::map<uint32_t, BackendNumbers>& services)
    : host_ports_(tables.service_ports, SERVICE_PORT_WORD(SERVICE_PORT_OF_BACKEND, 0), 2048),
      table_(&tables.backends),
      flows_(&tables.backend_flows) {
  std::vector<bool> used(table_->size());
  std::vector<uint32_t> strays;
  for (uint32_t number = 0; number < table_->size(); ++number) {
    const auto& backend = (*table_)[number];
    if (backend.state == BACKEND_FREE) continue;
    const Endpoint endpoint{FromAbi(backend.address), ntohs(backend.port)};
    const auto owner = services.find(backend.service);
    if (owner != services.end()) {
      owner->second[endpoint] = number;
    } else if (backend.service == kRetired) {
      retired_.emplace(endpoint, number);
    } else {
      // Of a daemon that died between a backend and its service.
      strays.push_back(number);
      continue;
    }
    if ((backend.state & BACKEND_ON_HOST) != 0) host_ports_.Know(BitOf(backend.port));
    used[number] = true;
  }
  host_ports_.Settle();
  for (const uint32_t number : strays) {
    // Its port was not among those that are known.
    (*table_)[number].state &= static_cast<uint8_t>(~BACKEND_ON_HOST);
    Free(number);
  }
  numbers_ = NumberQueue(used);
}

template <typename Abi>
std::optional<uint32_t> BackendTable<Abi>::TakeNumber() {
  if (const std::optional<uint32_t> number = numbers_.Take(); number.has_value()) return number;
  FreeIdle();
  if (const std::optional<uint32_t> number = numbers_.Take(); number.has_value()) return number;
  if (retired_.empty()) return std::nullopt;
  FreeRetired(retired_.begin()->first);
  return numbers_.Take();
}

template <typename Abi>
std::optional<uint32_t> BackendTable<Abi>::NumberFor(Protocol protocol, const Endpoint& endpoint) {
  if (const auto retired = retired_.find(endpoint);
      retired != retired_.end() && OutlivesItsService(protocol)) {
    return retired_.extract(retired).mapped();
  }
  const std::optional<uint32_t> number = TakeNumber();
  if (!number.has_value()) return std::nullopt;
  auto& slot = (*table_)[*number];
  slot.address = ToAbi<typename Abi::Ip>(endpoint.address);
  slot.port = htons(endpoint.port);
  // Flows of whoever had the number before are not counted any more: the generation says so.
  (*flows_)[*number] = 0;
  return number;
}

template <typename Abi>
absl::Status BackendTable<Abi>::Put(uint32_t service, Protocol protocol,
                                    const std::vector<plan::PlannedBackend>& planned,
                                    BackendNumbers& numbers) {
  for (const plan::PlannedBackend& backend : planned) {
    const auto found = numbers.find(backend.endpoint);
    if (found != numbers.end()) {
      (*table_)[found->second].weight = static_cast<uint8_t>(backend.weight);
      SetState(found->second, StateOf(backend));
      continue;
    }
    const std::optional<uint32_t> number = NumberFor(protocol, backend.endpoint);
    if (!number.has_value()) {
      return absl::ResourceExhaustedError(
          fmt::format("table backends{} is full ({} entries), see --max-backends", Abi::kDigit,
                      table_->size()));
    }
    auto& slot = (*table_)[*number];
    slot.service = service;
    slot.weight = static_cast<uint8_t>(backend.weight);
    SetState(*number, StateOf(backend));
    numbers[backend.endpoint] = *number;
  }
  return absl::OkStatus();
}

template <typename Abi>
void BackendTable<Abi>::Remove(Protocol protocol, const std::set<Endpoint>& kept,
                               BackendNumbers& numbers) {
  TakeOut(kept, numbers, [&](const Endpoint& endpoint, uint32_t number) {
    Free(number);
    if (OutlivesItsService(protocol)) FreeRetired(endpoint);
  });
}

template <typename Abi>
void BackendTable<Abi>::Retire(Protocol protocol, BackendNumbers& numbers) {
  FreeIdle();
  if (!OutlivesItsService(protocol)) return Remove(protocol, {}, numbers);
  for (const auto& [endpoint, number] : numbers) RetireOrFree(endpoint, number);
  numbers.clear();
}

template <typename Abi>
void BackendTable<Abi>::TakeBack(Protocol protocol, const std::set<Endpoint>& before,
                                 BackendNumbers& numbers) {
  TakeOut(before, numbers, [&](const Endpoint& endpoint, uint32_t number) {
    OutlivesItsService(protocol) ? RetireOrFree(endpoint, number) : Free(number);
  });
}

template <typename Abi>
plan::PlannedBackend BackendTable<Abi>::Read(const Endpoint& endpoint, uint32_t number) const {
  const auto& slot = (*table_)[number];
  return {.endpoint = endpoint,
          .weight = slot.weight,
          .in_cluster = (slot.state & BACKEND_IN_CLUSTER) != 0,
          .in_local = (slot.state & BACKEND_IN_LOCAL) != 0,
          .on_host = (slot.state & BACKEND_ON_HOST) != 0};
}

template <typename Abi>
void BackendTable<Abi>::RetireOrFree(const Endpoint& endpoint, uint32_t number) {
  if (!HasFlows(number)) return Free(number);
  auto& slot = (*table_)[number];
  SetState(number, BACKEND_LIVE | (slot.state & BACKEND_ON_HOST));
  slot.service = kRetired;
  retired_.emplace(endpoint, number);
}

template <typename Abi>
void BackendTable<Abi>::FreeIdle() {
  for (auto it = retired_.begin(); it != retired_.end();) {
    if (HasFlows(it->second)) {
      ++it;
      continue;
    }
    Free(it->second);
    it = retired_.erase(it);
  }
}

template <typename Abi>
void BackendTable<Abi>::FreeRetired(const Endpoint& endpoint) {
  const auto [first, last] = retired_.equal_range(endpoint);
  for (auto it = first; it != last; ++it) Free(it->second);
  retired_.erase(first, last);
}

template <typename Abi>
bool BackendTable<Abi>::HasFlows(uint32_t number) const {
  return static_cast<int32_t>((*flows_)[number]) > 0;
}

template <typename Abi>
void BackendTable<Abi>::SetState(uint32_t number, uint8_t state) {
  auto& slot = (*table_)[number];
  const uint8_t before = slot.state;
  if (state == before) return;
  const bool was_on_host = (before & BACKEND_ON_HOST) != 0;
  const bool is_on_host = (state & BACKEND_ON_HOST) != 0;
  if (is_on_host && !was_on_host) host_ports_.Add(BitOf(slot.port));
  Publish();
  slot.state = state;
  if (was_on_host && !is_on_host) host_ports_.Remove(BitOf(slot.port));
}

template <typename Abi>
void BackendTable<Abi>::Free(uint32_t number) {
  auto& slot = (*table_)[number];
  // The generation goes first: a flow that looks now is already told that its
  // backend is gone, and no later tenant can be taken for it.
  slot.generation = slot.generation + 1;
  SetState(number, BACKEND_FREE);
  slot.service = 0;
  numbers_.GiveBack(number);
}

template class BackendTable<Abi4>;
template class BackendTable<Abi6>;

}  // namespace fairlead::apply
