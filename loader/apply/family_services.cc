// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/family_services.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
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

uint32_t AlgorithmFlag(plan::Algorithm algorithm) {
  switch (algorithm) {
    case plan::Algorithm::kRandom:
      return 0;
    case plan::Algorithm::kMaglev:
      return SERVICE_BY_HASH;
    case plan::Algorithm::kLeastConnections:
      return SERVICE_LEAST_CONNECTIONS;
  }
  return 0;
}

// The backends of a set, which have their numbers by now.
WantedRun RunOf(plan::EndpointSet set, const plan::PlannedService& planned,
                const BackendNumbers& numbers) {
  const bool is_table = planned.algorithm == plan::Algorithm::kMaglev;
  WantedRun run;
  for (const plan::PlannedBackend& backend : planned.backends) {
    if (!backend.In(set)) continue;
    run.numbers.push_back(numbers.at(backend.endpoint));
    if (is_table) run.endpoints.push_back({backend.endpoint, backend.weight});
  }
  if (is_table) {
    run.table_size =
        planned.maglev_size != 0 ? planned.maglev_size : plan::MaglevSizeFor(run.endpoints.size());
  }
  return run;
}

uint32_t FlagsOf(const plan::PlannedFrontend& frontend, const plan::PlannedService& planned) {
  const uint32_t usable =
      planned.usable_somewhere ? SERVICE_NO_LOCAL_BACKEND | SERVICE_OUTSIDE_NO_LOCAL : 0U;
  const bool restricted =
      frontend.kind == plan::FrontendKind::kLoadBalancer && !planned.sources.empty();
  return usable | AlgorithmFlag(planned.algorithm) | (restricted ? SERVICE_SOURCE_RANGES : 0U) |
         (plan::IsOnHost(frontend.kind) ? SERVICE_ON_HOST : 0U) |
         (frontend.relays ? SERVICE_RELAYED : 0U) |
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
      return run.first == first && run.count == count;
    });
    if (count == 0 || known) continue;
    absl::StatusOr<Run> run = runs_.Adopt(first, count);
    if (!run.ok()) {
      return {run.status().code(), fmt::format("services: {}: {}", frontend.ToString(),
                                               std::string(run.status().message()))};
    }
    port.runs.push_back(*std::move(run));
  }
  return absl::OkStatus();
}

template <typename Abi>
absl::StatusOr<FamilyServices<Abi>> FamilyServices<Abi>::Adopt(FamilyTables<Abi>& tables) {
  FamilyServices result;
  result.runs_ = RunTable<Abi>(tables);
  FL_ASSIGN_OR_RETURN(result.frontends_, FrontendTable<Abi>::Adopt(tables));
  for (const auto& [frontend, entry] : result.frontends_.entries()) {
    FL_RETURN_IF_ERROR(result.AdoptEntry(frontend, entry));
  }
  std::map<uint32_t, BackendNumbers> backends;
  for (const auto& [id, port] : result.adopted_) backends[id];
  result.backends_ = BackendTable<Abi>(tables, backends);
  for (auto& [id, numbers] : backends) {
    for (const auto& [endpoint, number] : numbers) result.adopted_[id].unasked.insert(endpoint);
    result.adopted_[id].backends = std::move(numbers);
  }
  FL_ASSIGN_OR_RETURN(result.source_ranges_, SourceRangeTable<Abi>::Adopt(tables));
  std::set<uint32_t> ids;
  for (const auto& [id, port] : result.adopted_) ids.insert(id);
  FL_RETURN_IF_ERROR(result.source_ranges_.Forget(ids));
  return result;
}

template <typename Abi>
ServicePort& FamilyServices<Abi>::Find(const plan::ServicePortName& name,
                                       const plan::PlannedService& planned) {
  if (const auto known = installed_.find(name); known != installed_.end()) return known->second;
  if (!adopted_.empty()) Recognise({{name, planned}});
  const auto [found, inserted] = installed_.try_emplace(name);
  if (inserted) found->second.id = next_id_++;
  return found->second;
}

template <typename Abi>
void FamilyServices<Abi>::ForgetEarlierRun() {
  for (auto& [name, port] : installed_) port.unasked.clear();
  for (auto& [id, port] : adopted_) port.unasked.clear();
}

// They drain; but if there is nobody else, they go on as they were.
template <typename Abi>
plan::PlannedService FamilyServices<Abi>::WithUnasked(plan::PlannedService planned,
                                                      ServicePort& port) const {
  bool is_served = false;
  for (const plan::PlannedBackend& backend : planned.backends) {
    port.unasked.erase(backend.endpoint);
    is_served = is_served || backend.in_cluster || backend.in_local;
  }
  for (const Endpoint& endpoint : port.unasked) {
    plan::PlannedBackend backend = backends_.Read(endpoint, port.backends.at(endpoint));
    if (is_served) backend.in_cluster = backend.in_local = false;
    planned.backends.push_back(backend);
  }
  std::ranges::sort(planned.backends, {}, &plan::PlannedBackend::endpoint);
  return planned;
}

// Runs and source ranges first, then the entries that need them.
template <typename Abi>
absl::Status FamilyServices<Abi>::WriteEntries(const plan::PlannedService& planned,
                                               const ServicePort& port, std::vector<Run>& placed,
                                               typename FrontendTable<Abi>::Undo& undo) {
  const auto place = [&](plan::EndpointSet set) {
    return runs_.Place(RunOf(set, planned, port.backends), port.runs, placed);
  };
  FL_ASSIGN_OR_RETURN(const Run cluster, place(plan::EndpointSet::kCluster));
  FL_ASSIGN_OR_RETURN(const Run local, place(plan::EndpointSet::kLocal));
  FL_RETURN_IF_ERROR(source_ranges_.Add(port.id, planned.sources));
  // The maps are shared memory: other CPUs must see the runs before what follows.
  std::atomic_thread_fence(std::memory_order_release);
  for (const plan::PlannedFrontend& frontend : planned.frontends) {
    const Run& inside = frontend.inside == plan::EndpointSet::kLocal ? local : cluster;
    const Run& outside = frontend.outside == plan::EndpointSet::kLocal ? local : cluster;
    const service entry{.id = port.id,
                        .flags = FlagsOf(frontend, planned),
                        .first = inside.first,
                        .count = inside.count,
                        .outside_first = outside.first,
                        .outside_count = outside.count,
                        .affinity = planned.affinity_seconds,
                        .kind = KindOf(frontend.kind)};
    FL_RETURN_IF_ERROR(frontends_.Put(frontend.address, entry, undo));
  }
  return absl::OkStatus();
}

// Writes what is new, then takes away what nothing points to any more.
template <typename Abi>
absl::Status FamilyServices<Abi>::Replace(const plan::PlannedService& planned, ServicePort& port) {
  std::vector<Run> runs;
  typename FrontendTable<Abi>::Undo undo;
  const std::vector<Cidr> sources = source_ranges_.Of(port.id);
  if (absl::Status status = WriteEntries(planned, port, runs, undo); !status.ok()) {
    frontends_.TakeBack(undo);
    source_ranges_.Trim(port.id, sources).IgnoreError();
    runs_.GiveBack(runs, port.runs);
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
  runs_.GiveBack(std::exchange(port.runs, runs), runs);
  return source_ranges_.Trim(port.id, planned.sources);
}

template <typename Abi>
absl::Status FamilyServices<Abi>::ReplaceAtRandom(plan::PlannedService planned, ServicePort& port) {
  planned.algorithm = plan::Algorithm::kRandom;
  return Replace(planned, port);
}

template <typename Abi>
absl::Status FamilyServices<Abi>::Put(const plan::ServicePortName& name,
                                      const plan::PlannedService& planned) {
  ServicePort& port = Find(name, planned);
  if (port.unasked.empty()) return Install(name, planned, port);
  return Install(name, WithUnasked(planned, port), port);
}

template <typename Abi>
absl::Status FamilyServices<Abi>::Install(const plan::ServicePortName& name,
                                          const plan::PlannedService& planned, ServicePort& port) {
  std::set<Endpoint> before;
  for (const auto& [endpoint, number] : port.backends) before.insert(endpoint);

  absl::Status status = backends_.Put(port.id, name.protocol, planned.backends, port.backends);
  absl::Status no_table;
  if (status.ok()) {
    status = Replace(planned, port);
    // Better at random than not at all.
    if (absl::IsResourceExhausted(status) && planned.algorithm == plan::Algorithm::kMaglev) {
      no_table = std::exchange(status, ReplaceAtRandom(planned, port));
    }
  }
  if (!status.ok()) {
    backends_.TakeBack(name.protocol, before, port.backends);
    if (port.frontends.empty()) installed_.erase(name);
    return {status.code(),
            fmt::format("service {}: {}", name.ToString(), std::string(status.message()))};
  }
  std::set<Endpoint> kept;
  for (const plan::PlannedBackend& backend : planned.backends) kept.insert(backend.endpoint);
  backends_.Remove(name.protocol, kept, port.backends);
  if (no_table.ok()) return absl::OkStatus();
  return {no_table.code(), fmt::format("service {} is balanced at random: {}", name.ToString(),
                                       std::string(no_table.message()))};
}

// A hostPort goes with its pod; a Service's pods may outlive it.
template <typename Abi>
absl::Status FamilyServices<Abi>::RemovePort(bool is_host_port, Protocol protocol,
                                             ServicePort& port) {
  for (const plan::Frontend& frontend : port.frontends) {
    FL_RETURN_IF_ERROR(frontends_.Erase(frontend, port.id));
  }
  runs_.GiveBack(port.runs, {});
  if (is_host_port) {
    backends_.Remove(protocol, {}, port.backends);
  } else {
    backends_.Retire(protocol, port.backends);
  }
  return source_ranges_.Trim(port.id, {});
}

template <typename Abi>
absl::Status FamilyServices<Abi>::Remove(const plan::ServicePortName& name) {
  const auto found = installed_.find(name);
  if (found == installed_.end()) return absl::OkStatus();
  FL_RETURN_IF_ERROR(RemovePort(name.owner.kind == kube::Kind::kPod, name.protocol, found->second));
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
    // It was adopted by one of its frontends; their protocol is the service port's.
    const plan::Frontend& any = port.frontends.front();
    FL_RETURN_IF_ERROR(RemovePort(of_a_pod, any.protocol, port));
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
