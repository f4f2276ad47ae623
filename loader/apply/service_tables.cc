// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/service_tables.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/status_macros.h"

namespace fairlead::apply {
namespace {

constexpr size_t kNamedFailures = 5;

template <typename Abi>
typename Abi::ServiceKey KeyOf(const plan::Frontend& frontend) {
  typename Abi::ServiceKey key{};
  key.vip = ToAbi<typename Abi::Ip>(frontend.vip);
  key.port = htons(frontend.port);
  key.protocol = static_cast<uint8_t>(frontend.protocol);
  return key;
}

template <typename Key>
plan::Frontend FrontendOf(const Key& key) {
  return {FromAbi(key.vip), ntohs(key.port), static_cast<Protocol>(key.protocol)};
}

uint16_t StateOf(const plan::PlannedBackend& backend) {
  return backend.state == plan::BackendState::kReady ? BACKEND_READY : BACKEND_DRAINING;
}

// What other CPUs must see before what follows: the maps are shared memory.
void Publish() { std::atomic_thread_fence(std::memory_order_release); }

}  // namespace

template <typename Abi>
absl::StatusOr<FamilyServices<Abi>> FamilyServices<Abi>::Adopt(FamilyTables<Abi>& tables) {
  FamilyServices result;
  result.tables_ = &tables;
  result.runs_ = RunSpace(tables.runs.size());
  result.host_ports_ = HostPortBits(tables.host_ports);
  FL_ASSIGN_OR_RETURN(const auto entries, tables.services.Snapshot());
  std::map<uint32_t, Installed*> by_id;
  for (const auto& [key, entry] : entries) {
    if (uint64_t{entry.first} + entry.count > tables.runs.size() ||
        !result.runs_.Claim(entry.first, entry.count)) {
      return absl::DataLossError(
          fmt::format("services: {} has an impossible run", FrontendOf(key).ToString()));
    }
    Installed& installed = result.installed_[FrontendOf(key)];
    installed.entry = entry;
    installed.written = true;
    for (uint32_t i = 0; i < entry.count; ++i) {
      installed.run.push_back(tables.runs[entry.first + i]);
    }
    if ((entry.flags & SERVICE_ON_HOST) != 0) result.host_ports_.Know(FrontendOf(key));
    by_id[entry.id] = &installed;
    result.next_service_id_ = std::max(result.next_service_id_, entry.id + 1);
  }
  result.host_ports_.Settle();
  std::vector<bool> used(tables.backends.size());
  for (uint32_t number = 0; number < tables.backends.size(); ++number) {
    const auto& backend = tables.backends[number];
    if (backend.state == BACKEND_FREE) continue;
    const auto owner = by_id.find(backend.service);
    if (owner == by_id.end()) {
      // A run that died between a backend and its service.
      result.FreeBackend(number);
      continue;
    }
    owner->second->backends[{FromAbi(backend.address), ntohs(backend.port)}] = number;
    used[number] = true;
  }
  result.backend_numbers_ = NumberQueue(used);
  return result;
}

template <typename Abi>
absl::Status FamilyServices<Abi>::AddBackends(const plan::PlannedService& planned,
                                              Installed& installed) {
  for (const plan::PlannedBackend& backend : planned.backends) {
    const auto found = installed.backends.find(backend.endpoint);
    if (found != installed.backends.end()) {
      auto& slot = tables_->backends[found->second];
      if (slot.state != StateOf(backend)) slot.state = StateOf(backend);
      continue;
    }
    const std::optional<uint32_t> number = backend_numbers_.Take();
    if (!number.has_value()) {
      return absl::ResourceExhaustedError(fmt::format("table backends{} is full ({} entries)",
                                                      Abi::kDigit, tables_->backends.size()));
    }
    auto& slot = tables_->backends[*number];
    slot.address = ToAbi<typename Abi::Ip>(backend.endpoint.address);
    slot.port = htons(backend.endpoint.port);
    slot.service = installed.entry.id;
    Publish();
    slot.state = StateOf(backend);
    installed.backends[backend.endpoint] = *number;
  }
  return absl::OkStatus();
}

template <typename Abi>
absl::Status FamilyServices<Abi>::WriteRun(const typename Abi::ServiceKey& key,
                                           const plan::PlannedService& planned,
                                           Installed& installed) {
  std::vector<uint32_t> run;
  for (const plan::PlannedBackend& backend : planned.backends) {
    if (backend.state == plan::BackendState::kReady) {
      run.push_back(installed.backends.at(backend.endpoint));
    }
  }
  service entry = installed.entry;
  entry.flags = (planned.has_endpoints_elsewhere ? SERVICE_NO_LOCAL_BACKEND : 0U) |
                (planned.on_host ? SERVICE_ON_HOST : 0U);
  if (run == installed.run && entry.flags == installed.entry.flags && installed.written) {
    return absl::OkStatus();
  }
  if (run != installed.run) {
    const auto size = static_cast<uint32_t>(run.size());
    const std::optional<uint32_t> first = runs_.Take(size);
    if (!first.has_value()) {
      return absl::ResourceExhaustedError(
          fmt::format("table runs{} has no {} entries in a row", Abi::kDigit, size));
    }
    for (uint32_t i = 0; i < size; ++i) tables_->runs[*first + i] = run[i];
    entry.first = *first;
    entry.count = size;
    Publish();
  }
  const bool was_on_host = installed.written && (installed.entry.flags & SERVICE_ON_HOST) != 0;
  if (was_on_host && !planned.on_host) host_ports_.Remove(FrontendOf(key));
  if (absl::Status status = tables_->services.Put(key, entry); !status.ok()) {
    if (run != installed.run) runs_.GiveBack(entry.first, entry.count);
    return status;
  }
  if (run != installed.run) runs_.GiveBack(installed.entry.first, installed.entry.count);
  if (planned.on_host && !was_on_host) host_ports_.Add(FrontendOf(key));
  installed.entry = entry;
  installed.written = true;
  installed.run = std::move(run);
  return absl::OkStatus();
}

template <typename Abi>
void FamilyServices<Abi>::FreeBackend(uint32_t number) {
  auto& slot = tables_->backends[number];
  // The generation goes first: a flow that looks now is already told that its
  // backend is gone, and no later tenant can be taken for it.
  slot.generation = slot.generation + 1;
  Publish();
  slot.state = BACKEND_FREE;
  slot.service = 0;
}

template <typename Abi>
void FamilyServices<Abi>::RemoveBackends(const std::set<Endpoint>& kept, Installed& installed) {
  for (auto it = installed.backends.begin(); it != installed.backends.end();) {
    if (kept.contains(it->first)) {
      ++it;
      continue;
    }
    FreeBackend(it->second);
    backend_numbers_.GiveBack(it->second);
    it = installed.backends.erase(it);
  }
}

template <typename Abi>
absl::Status FamilyServices<Abi>::Put(const plan::Frontend& frontend,
                                      const plan::PlannedService& planned) {
  const auto [found, inserted] = installed_.try_emplace(frontend);
  Installed& installed = found->second;
  if (inserted) installed.entry.id = next_service_id_++;
  std::set<Endpoint> before;
  for (const auto& [endpoint, number] : installed.backends) before.insert(endpoint);

  absl::Status status = AddBackends(planned, installed);
  if (status.ok()) status = WriteRun(KeyOf<Abi>(frontend), planned, installed);
  if (!status.ok()) {
    RemoveBackends(before, installed);
    if (inserted) installed_.erase(found);
    return {status.code(), fmt::format("service {}/{} ({}): {}", planned.name_space, planned.name,
                                       frontend.ToString(), std::string(status.message()))};
  }
  std::set<Endpoint> kept;
  for (const plan::PlannedBackend& backend : planned.backends) kept.insert(backend.endpoint);
  RemoveBackends(kept, installed);
  return absl::OkStatus();
}

template <typename Abi>
absl::Status FamilyServices<Abi>::Remove(const plan::Frontend& frontend) {
  const auto found = installed_.find(frontend);
  if (found == installed_.end()) return absl::OkStatus();
  if ((found->second.entry.flags & SERVICE_ON_HOST) != 0) host_ports_.Remove(frontend);
  FL_RETURN_IF_ERROR(tables_->services.Erase(KeyOf<Abi>(frontend)));
  runs_.GiveBack(found->second.entry.first, found->second.entry.count);
  RemoveBackends({}, found->second);
  installed_.erase(found);
  return absl::OkStatus();
}

template <typename Abi>
std::vector<plan::Frontend> FamilyServices<Abi>::frontends() const {
  std::vector<plan::Frontend> result;
  for (const auto& [frontend, installed] : installed_) result.push_back(frontend);
  return result;
}

template <typename Abi>
bool FamilyServices<Abi>::IsOnHost(const plan::Frontend& frontend) const {
  const auto found = installed_.find(frontend);
  return found != installed_.end() && (found->second.entry.flags & SERVICE_ON_HOST) != 0;
}

template class FamilyServices<Abi4>;
template class FamilyServices<Abi6>;

absl::StatusOr<ServiceTables> ServiceTables::Adopt(Tables& tables) {
  ServiceTables result;
  FL_ASSIGN_OR_RETURN(result.v4_, FamilyServices<Abi4>::Adopt(tables.v4));
  FL_ASSIGN_OR_RETURN(result.v6_, FamilyServices<Abi6>::Adopt(tables.v6));
  return result;
}

absl::Status ServiceTables::Put(const plan::Frontend& frontend,
                                const plan::PlannedService& planned) {
  return frontend.vip.family() == Family::kIpv4 ? v4_.Put(frontend, planned)
                                                : v6_.Put(frontend, planned);
}

absl::Status ServiceTables::Remove(const plan::Frontend& frontend) {
  return frontend.vip.family() == Family::kIpv4 ? v4_.Remove(frontend) : v6_.Remove(frontend);
}

void ServiceTables::Settle() {
  v4_.Settle();
  v6_.Settle();
}

absl::Status ServiceTables::Apply(const plan::ServicePlan& desired, Unasked unasked) {
  std::map<plan::Frontend, absl::Status> failures;
  const auto put = [&](const plan::Frontend& frontend) {
    const absl::Status status = Put(frontend, desired.services.at(frontend));
    if (status.ok()) {
      failures.erase(frontend);
    } else {
      failures[frontend] = status;
    }
  };
  for (const auto& [frontend, planned] : desired.services) put(frontend);
  for (const auto& installed : {v4_.frontends(), v6_.frontends()}) {
    for (const plan::Frontend& frontend : installed) {
      const bool on_host = v4_.IsOnHost(frontend) || v6_.IsOnHost(frontend);
      if ((unasked == Unasked::kKeep && !on_host) || desired.services.contains(frontend)) continue;
      if (absl::Status status = Remove(frontend); !status.ok()) failures[frontend] = status;
    }
  }
  Settle();
  // What found no room may find some now that others have gone.
  const std::map<plan::Frontend, absl::Status> again = failures;
  for (const auto& [frontend, status] : again) {
    if (desired.services.contains(frontend)) put(frontend);
  }
  if (failures.empty()) return absl::OkStatus();
  std::vector<std::string> texts;
  for (const auto& [frontend, status] : failures) {
    if (texts.size() < kNamedFailures) texts.emplace_back(status.message());
  }
  return {failures.begin()->second.code(),
          fmt::format("{} services not applied: {}{}", failures.size(), fmt::join(texts, "; "),
                      failures.size() > kNamedFailures ? "; …" : "")};
}

}  // namespace fairlead::apply
