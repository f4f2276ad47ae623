// SPDX-License-Identifier: Apache-2.0
//
// See planned_node.h.
#include "tests/state/planned_node.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "cli/service_view.h"
#include "loader/netlink/scratch_netns.h"
#include "loader/plan/node_port_addresses.h"
#include "loader/plan/reach_plan.h"

namespace fairlead::testing {
namespace {

constexpr MapSizes kSizes = {
    .flows = 64, .half_open_buckets = 16, .services = 4096, .runs = 65536, .backends = 8192};
constexpr uint32_t kTunnelDevice = 7;  // nobody sends by it

std::vector<std::string> Texts(const std::vector<Endpoint>& endpoints) {
  std::vector<std::string> texts;
  for (const Endpoint& endpoint : endpoints) texts.push_back(endpoint.ToString());
  std::ranges::sort(texts);
  return texts;
}

template <typename Abi>
std::map<uint32_t, std::vector<std::string>> SourcesById(const FamilyTables<Abi>& tables) {
  std::map<uint32_t, std::vector<std::string>> sources;
  for (const auto& [key, value] : Must(tables.source_ranges.Snapshot())) {
    sources[key.service].push_back(fmt::format("{}/{}", FromAbi(key.address).ToString(),
                                               key.length - SOURCE_RANGE_SERVICE_BITS));
  }
  for (auto& [id, ranges] : sources) std::ranges::sort(ranges);
  return sources;
}

template <typename Abi>
void AppendServices(const FamilyTables<Abi>& tables, PlannedNode::View& view) {
  const auto sources = SourcesById(tables);
  std::map<uint32_t, std::string> first_frontend;  // stands for the service port
  for (const cli::ServiceView& service : Must(cli::ReadServices(tables))) {
    const auto ranges = sources.find(service.entry.id);
    first_frontend.try_emplace(service.entry.id, service.Name());
    view["service " + service.Name()] = fmt::format(
        "kind {} flags {:x} affinity {} inside {} outside {} draining {} of {} from {}",
        service.entry.kind, service.entry.flags, service.entry.affinity, Texts(service.ready),
        Texts(service.outside), service.draining, first_frontend[service.entry.id],
        ranges == sources.end() ? std::vector<std::string>() : ranges->second);
  }
  for (uint32_t number = 0; number < tables.backends.size(); ++number) {
    const auto& backend = tables.backends[number];
    if (backend.state == BACKEND_FREE) continue;
    const Endpoint endpoint{FromAbi(backend.address), ntohs(backend.port)};
    view[fmt::format("backend {} of {}", endpoint.ToString(), first_frontend[backend.service])] =
        fmt::format("state {} weight {}", backend.state, backend.weight);
  }
}

std::string NodeText(const node& peer) {
  return fmt::format("by device {} way {} to {} from {}", peer.ifindex, peer.way,
                     FromAbi(peer.tunnel_remote).ToString(), FromAbi(peer.tunnel_local).ToString());
}

template <typename Abi>
void AppendPrefixes(const Tables& tables, PlannedNode::View& view) {
  for (const auto& [key, value] : Must(tables.of<Abi>().prefixes.Snapshot())) {
    const bool is_peer = value.kind == PREFIX_PEER_PODS || value.kind == PREFIX_PEER ||
                         value.kind == PREFIX_PEER_HIDE;
    view[fmt::format("prefix {}/{}", FromAbi(key.address).ToString(), key.length)] = fmt::format(
        "kind {} {}", value.kind, is_peer ? NodeText(tables.nodes[value.node]) : std::string());
  }
}

}  // namespace

PlannedNode::PlannedNode()
    : maps_(Must(MapSet::Create(kSizes, ""))),
      tables_(Must(maps_.Open())),
      nodes_(Must(apply::NodeTables::Adopt(tables_))),
      services_(Must(apply::ServiceTables::Adopt(tables_))) {}

void PlannedNode::ApplyNodes(const kube::ObjectStore& store) {
  apply::NodeFacts facts;
  facts.plan = plan::MakeNodePlan(store.nodes(), kName);
  plan::PlanReach({.routing = plan::Routing::kVxlan}, facts.link_to, facts.plan);
  facts.tunnel_ifindex = kTunnelDevice;
  context_ = {};
  context_.node_name = kName;
  if (facts.plan.own.has_value()) {
    const plan::NodeAddresses& own = facts.plan.own->addresses;
    for (const auto& address : {own.ip4, own.ip6}) {
      if (address.has_value()) facts.local_addresses.push_back(*address);
    }
    context_.zone = facts.plan.own->zone;
    context_.node_addresses = facts.local_addresses;
    context_.node_port_addresses =
        plan::ResolveNodePortAddresses({"primary"}, own, facts.local_addresses);
  }
  MustOk(nodes_.Apply(facts));
  MustOk(services_.KeepPrefixes());
}

void PlannedNode::ApplyServices(const kube::ObjectStore& store) {
  planner_.PlanAll(store, context_, {});
  MustOk(services_.Apply(planner_.plan()));
}

void PlannedNode::ApplyAll(const kube::ObjectStore& store) {
  ApplyNodes(store);
  ApplyServices(store);
}

void PlannedNode::Follow(const kube::ObjectStore& store, const kube::ObjectChanges& changes) {
  const plan::PlanContext before = context_;
  if (!changes.nodes.empty()) ApplyNodes(store);
  if (!(context_ == before) || !changes.service_cidrs.empty()) {
    ApplyServices(store);
  } else if (!changes.affected_services.empty()) {
    const auto difference = planner_.Replan(changes.affected_services, store);
    MustOk(services_.ApplyOnly(difference.names, planner_.plan()));
  }
}

PlannedNode::View PlannedNode::Read() const {
  View view;
  AppendServices(tables_.v4, view);
  AppendServices(tables_.v6, view);
  AppendPrefixes<Abi4>(tables_, view);
  AppendPrefixes<Abi6>(tables_, view);
  for (const auto& [key, peer] : Must(tables_.tunnel_peers.Snapshot())) {
    view["tunnel peer " + FromAbi(key.address).ToString()] = NodeText(tables_.nodes[peer.node]);
  }
  return view;
}

}  // namespace fairlead::testing
