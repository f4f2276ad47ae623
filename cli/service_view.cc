// SPDX-License-Identifier: Apache-2.0
#include "cli/service_view.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/status_macros.h"
#include "maps/conntrack/flow_sweep.h"

namespace fairlead::cli {
namespace {

template <typename Abi>
Endpoint EndpointOf(const typename Abi::Backend& backend) {
  return {FromAbi(backend.address), ntohs(backend.port)};
}

// The backends of a run, each once. It may be replaced while we read it; a number
// that is out of bounds, or of a freed backend, is left out.
template <typename Abi>
std::vector<Endpoint> ReadRun(const FamilyTables<Abi>& tables, uint32_t first, uint32_t count) {
  std::vector<Endpoint> endpoints;
  std::set<uint32_t> seen;
  for (uint64_t i = first; i < uint64_t{first} + count; ++i) {
    if (i >= tables.runs.size()) break;
    const uint32_t number = tables.runs[static_cast<uint32_t>(i)];
    if (number >= tables.backends.size() || !seen.insert(number).second) continue;
    const typename Abi::Backend& backend = tables.backends[number];
    if (backend.state != BACKEND_FREE) endpoints.push_back(EndpointOf<Abi>(backend));
  }
  return endpoints;
}

}  // namespace

const char* BackendStateName(uint32_t state) {
  if (state == BACKEND_FREE) return "free";
  return BackendSets(state).empty() ? "draining" : "ready";
}

std::vector<std::string> BackendSets(uint32_t state) {
  std::vector<std::string> sets;
  if ((state & BACKEND_IN_CLUSTER) != 0) sets.emplace_back("cluster");
  if ((state & BACKEND_IN_LOCAL) != 0) sets.emplace_back("local");
  return sets;
}

const char* AlgorithmName(uint32_t flags) {
  if ((flags & SERVICE_BY_HASH) != 0) return "maglev";
  return (flags & SERVICE_LEAST_CONNECTIONS) != 0 ? "least-connections" : "random";
}

const char* ServiceKindName(uint32_t kind) {
  switch (kind) {
    case SERVICE_CLUSTER_IP:
      return "ClusterIP";
    case SERVICE_NODE_PORT:
      return "NodePort";
    case SERVICE_EXTERNAL_IP:
      return "externalIP";
    case SERVICE_LOAD_BALANCER:
      return "LoadBalancer";
    case SERVICE_HOST_PORT:
      return "hostPort";
    default:
      return "unknown";
  }
}

std::string ServiceView::Name() const {
  return fmt::format("{}/{}", frontend.ToString(), ProtocolName(protocol));
}

template <typename Abi>
absl::StatusOr<std::vector<ServiceView>> ReadServices(const FamilyTables<Abi>& tables) {
  std::map<uint32_t, uint32_t> draining;  // by service id
  for (uint32_t number = 0; number < tables.backends.size(); ++number) {
    const typename Abi::Backend& backend = tables.backends[number];
    if ((backend.state & ~BACKEND_ON_HOST) == BACKEND_LIVE) ++draining[backend.service];
  }
  FL_ASSIGN_OR_RETURN(const auto entries, tables.services.Snapshot());
  std::vector<ServiceView> services;
  for (const auto& [key, entry] : entries) {
    if (key.relayed != 0) continue;  // of nobody's own: the same service at another node
    ServiceView view;
    view.family = Abi::kFamily;
    view.frontend = {FromAbi(key.vip), ntohs(key.port)};
    view.protocol = key.protocol;
    view.entry = entry;
    view.ready = ReadRun(tables, entry.first, entry.count);
    view.outside = ReadRun(tables, entry.outside_first, entry.outside_count);
    if (const auto found = draining.find(entry.id); found != draining.end()) {
      view.draining = found->second;
    }
    services.push_back(std::move(view));
  }
  std::sort(services.begin(), services.end(), [](const ServiceView& a, const ServiceView& b) {
    return std::tie(a.frontend, a.protocol) < std::tie(b.frontend, b.protocol);
  });
  return services;
}

template <typename Abi>
std::vector<BackendView> ReadBackends(const FamilyTables<Abi>& tables, const FlowTime& time) {
  std::vector<BackendView> backends;
  std::map<uint32_t, size_t> by_number;
  for (uint32_t number = 0; number < tables.backends.size(); ++number) {
    const typename Abi::Backend backend = tables.backends[number];
    if (backend.state == BACKEND_FREE) continue;
    by_number.emplace(number, backends.size());
    backends.push_back({Abi::kFamily, number, EndpointOf<Abi>(backend), backend.state,
                        backend.generation, backend.service, backend.weight, 0,
                        std::max(0, static_cast<int32_t>(tables.backend_flows[number]))});
  }
  for (uint32_t i = 0; i < tables.flows.size(); ++i) {
    if (tables.flows[i].side[SIDE_ORIGIN].last_seen == 0) continue;
    const typename Abi::Flow flow = tables.flows[i];
    const auto found = by_number.find(flow.side[SIDE_ORIGIN].backend);
    if (found == by_number.end()) continue;
    BackendView& backend = backends[found->second];
    if (backend.generation != flow.side[SIDE_ORIGIN].backend_generation) continue;
    const bool expired = FlowAge<Abi>(flow, time.now) > FlowTimeout<Abi>(flow, time.config);
    if (!expired) ++backend.flows;
  }
  return backends;
}

#define INSTANTIATE(Abi)                                                                         \
  template absl::StatusOr<std::vector<ServiceView>> ReadServices<Abi>(const FamilyTables<Abi>&); \
  template std::vector<BackendView> ReadBackends<Abi>(const FamilyTables<Abi>&, const FlowTime&)
INSTANTIATE(Abi4);
INSTANTIATE(Abi6);

}  // namespace fairlead::cli
