// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/traffic_policy.h"

#include <algorithm>
#include <tuple>

namespace fairlead::plan {

using kube::SliceEndpoint;

namespace {

bool IsUsableSlice(const kube::EndpointSlice& slice, Family family) {
  const auto wanted = family == Family::kIpv4 ? kube::AddressType::kIpv4 : kube::AddressType::kIpv6;
  return slice.address_type == wanted && !slice.meta.labels.Find(kube::kHeadlessLabel).has_value();
}

bool IsFallback(const SliceEndpoint& endpoint) { return endpoint.serving && endpoint.terminating; }

template <typename T>
bool Contains(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

enum class Topology { kAnywhere, kSameNode, kSameZone };

bool Allows(Topology topology, const SliceEndpoint& endpoint, const PlanContext& context) {
  switch (topology) {
    case Topology::kAnywhere:
      return true;
    case Topology::kSameNode:
      return Contains(endpoint.hints().nodes, context.node_name);
    case Topology::kSameZone:
      return Contains(endpoint.hints().zones, context.zone);
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
    all_for_nodes = all_for_nodes && !endpoint.hints().nodes.empty();
    all_for_zones = all_for_zones && !endpoint.hints().zones.empty();
    one_for_node = one_for_node || Contains(endpoint.hints().nodes, context.node_name);
    one_for_zone = one_for_zone || Contains(endpoint.hints().zones, context.zone);
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
    const uint32_t weight = WeightOf(*slice);
    for (const kube::SlicePort& port : slice->ports) {
      if (port.port == 0 || port.name != name || port.protocol != protocol) continue;
      for (const SliceEndpoint& endpoint : slice->endpoints) {
        const bool local = !endpoint.node_name.empty() && endpoint.node_name == context.node_name;
        candidates.push_back({{endpoint.address, port.port}, local, &endpoint, weight});
      }
    }
  }
  const auto rank = [](const Candidate& c) {
    return std::tuple(c.endpoint, c.source->terminating, !c.source->ready, !c.local);
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const Candidate& a, const Candidate& b) { return rank(a) < rank(b); });
  std::vector<Candidate> merged;
  merged.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    if (merged.empty() || merged.back().endpoint != candidate.endpoint) {
      merged.push_back(candidate);
    } else {
      merged.back().weight = std::max(merged.back().weight, candidate.weight);
    }
  }
  return merged;
}

ChosenEndpoints ChooseEndpoints(const std::vector<Candidate>& candidates, UsedSets used,
                                Protocol protocol, const PlanContext& context) {
  const Topology topology = TopologyOf(candidates, context);
  bool any_ready = false;
  bool any_local_ready = false;
  for (const Candidate& candidate : candidates) {
    any_ready = any_ready || candidate.source->ready;
    any_local_ready = any_local_ready || (candidate.local && candidate.source->ready);
  }

  ChosenEndpoints chosen;
  chosen.backends.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    const SliceEndpoint& endpoint = *candidate.source;
    chosen.usable_somewhere = chosen.usable_somewhere || endpoint.ready || IsFallback(endpoint);
    const bool in_cluster =
        any_ready ? endpoint.ready && Allows(topology, endpoint, context) : IsFallback(endpoint);
    const bool in_local =
        candidate.local && (any_local_ready ? endpoint.ready : IsFallback(endpoint));
    const PlannedBackend backend{
        .endpoint = candidate.endpoint,
        .weight = candidate.weight,
        .in_cluster = used.cluster && in_cluster,
        .in_local = used.local && in_local,
        .local = candidate.local,
        .on_host =
            context.has_guests || Contains(context.node_addresses, candidate.endpoint.address)};
    const bool drains = !backend.in_cluster && !backend.in_local;
    if (drains && !endpoint.serving && protocol == Protocol::kUdp) continue;
    chosen.backends.push_back(backend);
  }
  return chosen;
}

}  // namespace fairlead::plan
