// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/traffic_policy.h"

#include <algorithm>
#include <tuple>

namespace fairlead::plan {

using kube::SliceEndpoint;

namespace {

bool IsUsableSlice(const kube::EndpointSlice& slice, Family family) {
  const auto wanted = family == Family::kIpv4 ? kube::AddressType::kIpv4 : kube::AddressType::kIpv6;
  return slice.address_type == wanted &&
         kube::FindLabel(slice.meta, kube::kHeadlessLabel) == nullptr;
}

bool IsFallback(const SliceEndpoint& endpoint) { return endpoint.serving && endpoint.terminating; }

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

enum class Topology { kAnywhere, kSameNode, kSameZone };

bool Allows(Topology topology, const SliceEndpoint& endpoint, const PlanContext& context) {
  switch (topology) {
    case Topology::kAnywhere:
      return true;
    case Topology::kSameNode:
      return Contains(endpoint.hint_nodes, context.node_name);
    case Topology::kSameZone:
      return Contains(endpoint.hint_zones, context.zone);
  }
  return true;
}

// Hints count only if every ready endpoint has one (a controller is in the middle of an update
// otherwise) and one of them is for us.
Topology TopologyOf(const std::vector<Candidate>& candidates, const PlanContext& context) {
  bool all_for_nodes = true;
  bool all_for_zones = true;
  bool one_for_node = false;
  bool one_for_zone = false;
  for (const Candidate& candidate : candidates) {
    const SliceEndpoint& endpoint = *candidate.source;
    if (!endpoint.ready) continue;
    all_for_nodes = all_for_nodes && !endpoint.hint_nodes.empty();
    all_for_zones = all_for_zones && !endpoint.hint_zones.empty();
    one_for_node = one_for_node || Contains(endpoint.hint_nodes, context.node_name);
    one_for_zone = one_for_zone || Contains(endpoint.hint_zones, context.zone);
  }
  if (all_for_nodes && one_for_node) return Topology::kSameNode;
  if (all_for_zones && one_for_zone && !context.zone.empty()) return Topology::kSameZone;
  return Topology::kAnywhere;
}

}  // namespace

std::vector<Candidate> MergeEndpoints(const std::vector<const kube::EndpointSlice*>& slices,
                                      std::string_view name, Protocol protocol, Family family,
                                      const PlanContext& context) {
  std::vector<Candidate> candidates;
  for (const kube::EndpointSlice* slice : slices) {
    if (!IsUsableSlice(*slice, family)) continue;
    for (const kube::SlicePort& port : slice->ports) {
      if (port.port == 0 || port.name != name || port.protocol != protocol) continue;
      for (const SliceEndpoint& endpoint : slice->endpoints) {
        const bool local = !endpoint.node_name.empty() && endpoint.node_name == context.node_name;
        candidates.push_back({{endpoint.address, port.port}, local, &endpoint});
      }
    }
  }
  const auto rank = [](const Candidate& c) {
    return std::tuple(c.endpoint, c.source->terminating, !c.source->ready, !c.local);
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const Candidate& a, const Candidate& b) { return rank(a) < rank(b); });
  const auto duplicates =
      std::unique(candidates.begin(), candidates.end(),
                  [](const Candidate& a, const Candidate& b) { return a.endpoint == b.endpoint; });
  candidates.erase(duplicates, candidates.end());
  return candidates;
}

ChosenEndpoints ChooseEndpoints(const std::vector<Candidate>& candidates,
                                kube::TrafficPolicy policy, Protocol protocol,
                                const PlanContext& context) {
  // Topology does not apply to the Local set, locality not to the Cluster set.
  const bool only_local = policy == kube::TrafficPolicy::kLocal;
  const Topology topology = only_local ? Topology::kAnywhere : TopologyOf(candidates, context);
  const auto in_reach = [&](const Candidate& c) { return !only_local || c.local; };
  const bool any_ready = std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& c) {
    return in_reach(c) && c.source->ready;
  });
  const auto selectable = [&](const Candidate& c) {
    if (!in_reach(c)) return false;
    if (!any_ready) return IsFallback(*c.source);
    return c.source->ready && Allows(topology, *c.source, context);
  };

  ChosenEndpoints chosen;
  bool usable_somewhere = false;
  bool usable_here = false;
  for (const Candidate& candidate : candidates) {
    const SliceEndpoint& endpoint = *candidate.source;
    const bool ready = selectable(candidate);
    usable_here = usable_here || ready;
    usable_somewhere = usable_somewhere || endpoint.ready || IsFallback(endpoint);
    if (!ready && !endpoint.serving && protocol == Protocol::kUdp) continue;
    chosen.backends.push_back({candidate.endpoint,
                               ready ? BackendState::kReady : BackendState::kDraining,
                               candidate.local, endpoint.node_name});
  }
  chosen.has_endpoints_elsewhere = usable_somewhere && !usable_here;
  return chosen;
}

}  // namespace fairlead::plan
