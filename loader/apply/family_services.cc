// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/family_services.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <set>
#include <utility>

#include "base/status_macros.h"

namespace fairlead::apply {
namespace {

uint32_t KindOf(plan::FrontendKind kind) {
  switch (kind) {
    case plan::FrontendKind::kClusterIp:
      return SERVICE_CLUSTER_IP;
    case plan::FrontendKind::kNodePort:
      return SERVICE_NODE_PORT;
    case plan::FrontendKind::kExternalIp:
      return SERVICE_EXTERNAL_IP;
    case plan::FrontendKind::kLoadBalancer:
      return SERVICE_LOAD_BALANCER;
    case plan::FrontendKind::kHostPort:
      return SERVICE_HOST_PORT;
  }
  return SERVICE_CLUSTER_IP;
}

uint32_t FlagsOf(const plan::PlannedFrontend& frontend, const plan::PlannedService& planned) {
  const uint32_t usable =
      planned.usable_somewhere ? SERVICE_NO_LOCAL_BACKEND | SERVICE_OUTSIDE_NO_LOCAL : 0U;
  const bool restricted =
      frontend.kind == plan::FrontendKind::kLoadBalancer && !planned.sources.empty();
  return usable | (restricted ? SERVICE_SOURCE_RANGES : 0U) |
         (plan::IsOnHost(frontend.kind) ? SERVICE_ON_HOST : 0U) |
         (frontend.inside == plan::EndpointSet::kLocal ? SERVICE_INSIDE_LOCAL : 0U) |
         (frontend.outside == plan::EndpointSet::kLocal ? SERVICE_OUTSIDE_LOCAL : 0U);
}

}  // namespace

template <typename Abi>
absl::Status FamilyServices<Abi>::AdoptEntry(const plan::Frontend& frontend, const service& entry) {
  ServicePort& port = adopted_[entry.id];
  port.id = entry.id;
  port.frontends.push_back(frontend);
  next_id_ = std::max(next_id_, entry.id + 1);
  for (const auto& [first, count] :
       {std::pair{entry.first, entry.count}, std::pair{entry.outside_first, entry.outside_count}}) {
    const bool known = std::ranges::any_of(port.runs, [first, count](const Run& run) {
      return run.first == first && run.count() == count;
    });
    if (count == 0 || known) continue;
    if (uint64_t{first} + count > tables_->runs.size() || !runs_.Claim(first, count)) {
      return absl::DataLossError(
          fmt::format("services: {} has an impossible run", frontend.ToString()));
    }
    Run& run = port.runs.emplace_back(Run{.first = first, .numbers = {}});
    for (uint32_t i = 0; i < count; ++i) run.numbers.push_back(tables_->runs[first + i]);
  }
  return absl::OkStatus();
}

template <typename Abi>
absl::StatusOr<FamilyServices<Abi>> FamilyServices<Abi>::Adopt(FamilyTables<Abi>& tables) {
  FamilyServices result;
  result.tables_ = &tables;
  result.runs_ = RunSpace(tables.runs.size());
  FL_ASSIGN_OR_RETURN(result.frontends_, FrontendTable<Abi>::Adopt(tables));
  for (const auto& [frontend, entry] : result.frontends_.entries()) {
    FL_RETURN_IF_ERROR(result.AdoptEntry(frontend, entry));
  }
  std::map<uint32_t, BackendNumbers> backends;
  for (const auto& [id, port] : result.adopted_) backends[id];
  result.backends_ = BackendTable<Abi>(tables, backends);
  for (auto& [id, numbers] : backends) result.adopted_[id].backends = std::move(numbers);
  FL_ASSIGN_OR_RETURN(result.source_ranges_, SourceRangeTable<Abi>::Adopt(tables));
  std::set<uint32_t> ids;
  for (const auto& [id, port] : result.adopted_) ids.insert(id);
  FL_RETURN_IF_ERROR(result.source_ranges_.Forget(ids));
  return result;
}

// The service port of that name. After a restart it is the adopted one that has most of its
// frontends: they may have changed meanwhile, and some may have been another Service's.
template <typename Abi>
typename FamilyServices<Abi>::ServicePort& FamilyServices<Abi>::Find(
    const plan::ServicePortName& name, const plan::PlannedService& planned) {
  const auto [found, inserted] = installed_.try_emplace(name);
  ServicePort& port = found->second;
  if (!inserted) return port;
  std::map<uint32_t, uint32_t> shared;  // frontends, by id
  for (const plan::PlannedFrontend& frontend : planned.frontends) {
    const auto entry = frontends_.entries().find(frontend.address);
    if (entry == frontends_.entries().end()) continue;
    if (adopted_.contains(entry->second.id)) ++shared[entry->second.id];
  }
  const auto most = std::ranges::max_element(
      shared, [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == shared.end()) {
    port.id = next_id_++;
  } else {
    port = std::move(adopted_.extract(most->first).mapped());
  }
  return port;
}

// The run of a set: one that is there already, or a new one. Either is in `placed` then.
template <typename Abi>
absl::StatusOr<typename FamilyServices<Abi>::Run> FamilyServices<Abi>::PlaceRun(
    plan::EndpointSet set, const plan::PlannedService& planned, const ServicePort& port,
    std::vector<Run>& placed) {
  Run run;
  for (const plan::PlannedBackend& backend : planned.backends) {
    if (backend.In(set)) run.numbers.push_back(port.backends.at(backend.endpoint));
  }
  if (run.numbers.empty()) return run;
  const auto same = [&run](const Run& other) { return other.numbers == run.numbers; };
  if (const auto found = std::ranges::find_if(placed, same); found != placed.end()) return *found;
  if (const auto found = std::ranges::find_if(port.runs, same); found != port.runs.end()) {
    return placed.emplace_back(*found);
  }
  const std::optional<uint32_t> first = runs_.Take(run.count());
  if (!first.has_value()) {
    return absl::ResourceExhaustedError(fmt::format(
        "table runs{} has no {} entries in a row, see --max-backends", Abi::kDigit, run.count()));
  }
  run.first = *first;
  for (uint32_t i = 0; i < run.count(); ++i) tables_->runs[run.first + i] = run.numbers[i];
  return placed.emplace_back(std::move(run));
}

// Runs and source ranges first, then the entries that need them.
template <typename Abi>
absl::Status FamilyServices<Abi>::WriteEntries(const plan::PlannedService& planned,
                                               const ServicePort& port, std::vector<Run>& placed,
                                               typename FrontendTable<Abi>::Undo& undo) {
  FL_ASSIGN_OR_RETURN(const Run cluster,
                      PlaceRun(plan::EndpointSet::kCluster, planned, port, placed));
  FL_ASSIGN_OR_RETURN(const Run local, PlaceRun(plan::EndpointSet::kLocal, planned, port, placed));
  FL_RETURN_IF_ERROR(source_ranges_.Add(port.id, planned.sources));
  // The maps are shared memory: other CPUs must see the runs before what follows.
  std::atomic_thread_fence(std::memory_order_release);
  for (const plan::PlannedFrontend& frontend : planned.frontends) {
    const Run& inside = frontend.inside == plan::EndpointSet::kLocal ? local : cluster;
    const Run& outside = frontend.outside == plan::EndpointSet::kLocal ? local : cluster;
    const service entry{.id = port.id,
                        .flags = FlagsOf(frontend, planned),
                        .first = inside.first,
                        .count = inside.count(),
                        .outside_first = outside.first,
                        .outside_count = outside.count(),
                        .affinity = planned.affinity_seconds,
                        .kind = KindOf(frontend.kind)};
    FL_RETURN_IF_ERROR(frontends_.Put(frontend.address, entry, undo));
  }
  return absl::OkStatus();
}

template <typename Abi>
void FamilyServices<Abi>::GiveBack(const std::vector<Run>& runs, const std::vector<Run>& kept) {
  for (const Run& run : runs) {
    if (std::ranges::find(kept, run) == kept.end()) runs_.GiveBack(run.first, run.count());
  }
}

// Writes what is new, then takes away what nothing points to any more.
template <typename Abi>
absl::Status FamilyServices<Abi>::Replace(const plan::PlannedService& planned, ServicePort& port) {
  std::vector<Run> runs;
  typename FrontendTable<Abi>::Undo undo;
  if (absl::Status status = WriteEntries(planned, port, runs, undo); !status.ok()) {
    frontends_.TakeBack(undo);
    GiveBack(runs, port.runs);
    return status;
  }
  std::vector<plan::Frontend> frontends;
  for (const plan::PlannedFrontend& frontend : planned.frontends) {
    frontends.push_back(frontend.address);
  }
  for (const plan::Frontend& before : port.frontends) {
    if (std::ranges::find(frontends, before) != frontends.end()) continue;
    FL_RETURN_IF_ERROR(frontends_.Erase(before, port.id));
  }
  port.frontends = std::move(frontends);
  GiveBack(std::exchange(port.runs, runs), runs);
  return source_ranges_.Trim(port.id, planned.sources);
}

template <typename Abi>
absl::Status FamilyServices<Abi>::Put(const plan::ServicePortName& name,
                                      const plan::PlannedService& planned) {
  ServicePort& port = Find(name, planned);
  std::set<Endpoint> before;
  for (const auto& [endpoint, number] : port.backends) before.insert(endpoint);

  absl::Status status = backends_.Put(port.id, planned.backends, port.backends);
  if (status.ok()) status = Replace(planned, port);
  if (!status.ok()) {
    backends_.Remove(before, port.backends);
    if (port.frontends.empty()) installed_.erase(name);
    return {status.code(),
            fmt::format("service {}: {}", name.ToString(), std::string(status.message()))};
  }
  std::set<Endpoint> kept;
  for (const plan::PlannedBackend& backend : planned.backends) kept.insert(backend.endpoint);
  backends_.Remove(kept, port.backends);
  return absl::OkStatus();
}

template <typename Abi>
absl::Status FamilyServices<Abi>::RemovePort(ServicePort& port) {
  for (const plan::Frontend& frontend : port.frontends) {
    FL_RETURN_IF_ERROR(frontends_.Erase(frontend, port.id));
  }
  GiveBack(port.runs, {});
  backends_.Remove({}, port.backends);
  return source_ranges_.Trim(port.id, {});
}

template <typename Abi>
absl::Status FamilyServices<Abi>::Remove(const plan::ServicePortName& name) {
  const auto found = installed_.find(name);
  if (found == installed_.end()) return absl::OkStatus();
  FL_RETURN_IF_ERROR(RemovePort(found->second));
  installed_.erase(found);
  return absl::OkStatus();
}

template <typename Abi>
absl::Status FamilyServices<Abi>::RemoveUnasked(bool only_host_ports) {
  for (auto it = adopted_.begin(); it != adopted_.end();) {
    ServicePort& port = it->second;
    const bool of_a_pod = std::ranges::any_of(port.frontends, [&](const plan::Frontend& frontend) {
      const service* entry = frontends_.Find(frontend, port.id);
      return entry != nullptr && entry->kind == SERVICE_HOST_PORT;
    });
    if (only_host_ports && !of_a_pod) {
      ++it;
      continue;
    }
    FL_RETURN_IF_ERROR(RemovePort(port));
    it = adopted_.erase(it);
  }
  return absl::OkStatus();
}

template <typename Abi>
std::vector<plan::ServicePortName> FamilyServices<Abi>::names() const {
  std::vector<plan::ServicePortName> result;
  for (const auto& [name, port] : installed_) result.push_back(name);
  return result;
}

template class FamilyServices<Abi4>;
template class FamilyServices<Abi6>;

}  // namespace fairlead::apply
