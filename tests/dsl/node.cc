// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/node.h"

#include <map>

#include "loader/plan/node_plan.h"
#include "loader/plan/node_port_addresses.h"
#include "loader/plan/reach_plan.h"
#include "loader/plan/service_plan.h"
#include "tests/dsl/address_plan.h"
#include "tests/dsl/node_state.h"

namespace fairlead::testing {
namespace {

HookOptions Recording(HookOptions options, const plan::RoutingOptions& routing) {
  options.record_verdicts = true;
  options.neighbour_ticks = 0;  // what a packet meets shall not depend on the clock
  options.tunnel_port = routing.needs_tunnel_device() ? routing.tunnel_port : 0;
  options.direct_return = routing.direct_return;
  options.vni = routing.vni;
  return options;
}

// The node's own, until the uplink gets others.
IpAddress UplinkAddress(Family family, int moves) {
  return NodeAddress(family, 0).Plus(moves == 0 ? 0 : 100 + static_cast<uint64_t>(moves));
}

IpAddress SideAddress(Family family) { return SideCidr(family).address().Plus(1); }

}  // namespace

Endpoint Peer::Pod(int pod, uint16_t port) const {
  return {PodAddress(address.family(), number, pod), port};
}

Node::State::State(Family family_under_test, const NodeOptions& node_options)
    : family(family_under_test),
      options(node_options),
      network(ScratchNetwork::Get()),
      maps(Must(MapSet::Create(options.sizes, ""))),
      programs(Must(Programs::Prepare(maps, Recording(options.hooks, options.routing)))),
      tables(Must(maps.Open())),
      pods(tables),
      nodes(Must(apply::NodeTables::Adopt(tables))),
      services(Must(apply::ServiceTables::Adopt(tables))) {}

Node::Node(Family family, const NodeOptions& options)
    : state_(std::make_unique<State>(family, options)) {
  state_->objects.PutNode(ClusterObjects::kOwnName, 0, options.has_address);
  ApplyNodes();
  if (options.has_room) {
    state_->tables.reassembly_room[0] = {.ifindex = room(), .uplink = uplink()};
  }
  if (options.xdp_sends) MustOk(state_->tables.wire_exits.Put(uplink(), uplink()));
}
Node::~Node() = default;

Pod Node::AddPod(const std::string& name) {
  return ReplacePod(
      {.name = "", .slot = state_->next_slot++, .ifindex = 0, .mac = {}, .address = {}}, name);
}

Pod Node::AddGuest(const std::string& name) {
  const uint32_t number = state_->next_slot++;
  const Pod guest{.name = name,
                  .ifindex = state_->network.PodLink(number),
                  .mac = {0x02, 0, 0, 0, 2, static_cast<uint8_t>(number)},
                  .address = SideCidr(state_->family).address().Plus(number + 2)};
  state_->names[guest.ifindex] = name;
  return guest;
}

Pod Node::ReplacePod(const Pod& gone, const std::string& name) {
  RemovePod(gone);
  Pod pod{.name = name,
          .slot = gone.slot,
          .ifindex = state_->network.PodLink(gone.slot),
          .mac = {0x02, 0, 0, 0, 2, static_cast<uint8_t>(gone.slot)},
          .address = PodAddress(state_->family, 0, static_cast<int>(gone.slot))};
  SetMtu(pod, state_->options.pod_mtu);
  state_->names[pod.ifindex] = name;
  return pod;
}

void Node::RemovePod(const Pod& pod) {
  MustOk(state_->pods.Remove(pod.slot));
  if (state_->host_ports.erase(pod.slot) != 0) ApplyServices();
}

void Node::SetMtu(const Pod& pod, uint16_t mtu) {
  const int number = static_cast<int>(pod.slot);
  MustOk(state_->pods.Put({.slot = pod.slot,
                           .ifindex = pod.ifindex,
                           .mac = pod.mac,
                           .ip4 = PodAddress(Family::kIpv4, 0, number),
                           .ip6 = PodAddress(Family::kIpv6, 0, number),
                           .mtu = mtu}));
}

void Node::AddHostPort(const Pod& pod, Port host_port, uint16_t container_port,
                       std::optional<IpAddress> host_ip) {
  plan::HostPortPod& asked = state_->host_ports[pod.slot];
  asked.name = pod.name;
  asked.serial = pod.slot;
  asked.ip4 = PodAddress(Family::kIpv4, 0, static_cast<int>(pod.slot));
  asked.ip6 = PodAddress(Family::kIpv6, 0, static_cast<int>(pod.slot));
  asked.ports.push_back({.protocol = host_port.protocol,
                         .host_port = host_port.number,
                         .container_port = container_port,
                         .host_ip = host_ip});
  ApplyServices();
}

void Node::SetUplinkMtu(uint16_t mtu) {
  state_->options.uplink_mtu = mtu;
  ApplyNodes();
}

Peer Node::AddPeer(const std::string& name) {
  const int number = ++state_->peer_count;
  state_->objects.PutNode(name, number);
  ApplyNodes();
  return {name, number, NodeAddress(state_->family, number)};
}

void Node::RemovePeer(const Peer& peer) {
  state_->objects.RemoveNode(peer.name);
  ApplyNodes();
}

void Node::SetRouting(const plan::RoutingOptions& routing) {
  state_->options.routing = routing;
  state_->nodes = Must(apply::NodeTables::Adopt(state_->tables));
  Reload(state_->options.hooks);
  ApplyNodes();
}

Service Node::AddService(const std::string& name, Port port,
                         const std::vector<Endpoint>& endpoints) {
  return AddService({.name = name, .vip = {}, .port = port}, endpoints);
}

Service Node::AddLocalService(const std::string& name, Port port,
                              const std::vector<Endpoint>& endpoints) {
  return AddService({.name = name, .vip = {}, .port = port, .local_only = true}, endpoints);
}

Service Node::AddService(Service service, const std::vector<Endpoint>& endpoints) {
  service.vip = ServiceAddress(state_->family, ++state_->service_count);
  state_->objects.PutService(service);
  SetEndpoints(service, endpoints);
  return service;
}

void Node::SetServiceCidrs(const std::vector<Cidr>& cidrs) {
  state_->service_cidrs = cidrs;
  ApplyServices();
}

void Node::RemoveService(const Service& service) {
  state_->objects.RemoveService(service);
  ApplyServices();
}

void Node::ChangeService(const Service& service) {
  state_->objects.PutService(service);
  ApplyServices();
}

void Node::SetEndpoints(const Service& service, const std::vector<Endpoint>& endpoints,
                        const std::vector<Endpoint>& draining) {
  state_->objects.PutEndpoints(service, endpoints, draining);
  ApplyServices();
}

void Node::Reload(const HookOptions& hooks) {
  state_->programs =
      Must(Programs::Prepare(state_->maps, Recording(hooks, state_->options.routing)));
}

void Node::SetObjects(kube::ObjectMap<kube::Service> services,
                      kube::ObjectMap<kube::EndpointSlice> slices) {
  state_->objects.SetAll(std::move(services), std::move(slices));
  ApplyServices();
}

std::vector<IpAddress> Node::OwnAddresses() const {
  std::vector<IpAddress> own = {NodeAddress(Family::kIpv4, 0), NodeAddress(Family::kIpv6, 0)};
  own.insert(own.end(), state_->options.more_addresses.begin(),
             state_->options.more_addresses.end());
  return own;
}

plan::PlanContext Node::Context() const {
  const std::vector<IpAddress> own = OwnAddresses();
  return {.node_name = ClusterObjects::kOwnName,
          .zone = state_->options.zone,
          .node_port_addresses = plan::ResolveNodePortAddresses(
              state_->options.node_port_addresses, {.ip4 = own[0], .ip6 = own[1]}, own),
          .node_addresses = own,
          .has_guests = state_->options.hooks.guests,
          .direct_return = state_->options.routing.direct_return};
}

void Node::ApplyServices() {
  plan::ServicePlan plan =
      plan::MakeServicePlan(state_->objects.services(), state_->objects.slices(), Context());
  plan.service_cidrs = state_->service_cidrs;
  std::vector<plan::HostPortPod> pods;
  for (const auto& [slot, pod] : state_->host_ports) pods.push_back(pod);
  plan::AddHostPorts(
      plan::MakeHostPortPlan(pods, {NodeAddress(Family::kIpv4, 0), NodeAddress(Family::kIpv6, 0)}),
      plan);
  MustOk(state_->services.Apply(plan));
}

void Node::ApplyNodes() {
  apply::NodeFacts facts;
  facts.plan = plan::MakeNodePlan(state_->objects.nodes(), ClusterObjects::kOwnName);
  if (state_->options.hooks.guests) facts.plan = plan::WithoutPods(std::move(facts.plan));
  apply::Uplink uplink{
      .ifindex = state_->network.uplink(), .ip4 = {}, .ip6 = {}, .mtu = state_->options.uplink_mtu};
  if (state_->options.uplink_has_addresses) {
    uplink.ip4 = UplinkAddress(Family::kIpv4, state_->uplink_moves);
    uplink.ip6 = UplinkAddress(Family::kIpv6, state_->uplink_moves);
  }
  facts.routes = state_->route_changes;
  facts.masquerade = state_->masquerade;
  facts.uplinks = {uplink};
  if (state_->side_link_is_uplink) {
    facts.uplinks.push_back({.ifindex = state_->network.side_link(),
                             .ip4 = SideAddress(Family::kIpv4),
                             .ip6 = SideAddress(Family::kIpv6),
                             .mtu = state_->options.uplink_mtu});
  }
  facts.pod_mtu = state_->options.pod_mtu;
  const plan::RoutingOptions& routing = state_->options.routing;
  if (routing.needs_tunnel_device()) facts.tunnel_ifindex = state_->network.tunnel();
  facts.local_addresses = OwnAddresses();
  plan::PlanReach(routing, facts.link_to, facts.plan);
  facts.relay_overhead = plan::RelayOverhead(routing, facts.plan);
  MustOk(state_->nodes.Apply(facts));
  MustOk(state_->services.KeepPrefixes());
}

void Node::SetMasquerade(const apply::MasqueradeRules& rules) {
  state_->masquerade = rules;
  ApplyNodes();
}

IpAddress Node::MoveUplink() {
  ++state_->uplink_moves;
  ApplyNodes();
  return UplinkAddress(state_->family, state_->uplink_moves);
}

IpAddress Node::MakeSideLinkUplink() {
  state_->side_link_is_uplink = true;
  ApplyNodes();
  return SideAddress(state_->family);
}

void Node::ChangeRoutes() {
  ++state_->route_changes;
  ApplyNodes();
}

IpAddress Node::address() const { return NodeAddress(state_->family, 0); }
Endpoint Node::World(int host, uint16_t port) const {
  return {WorldAddress(state_->family, host), port};
}
Family Node::family() const { return state_->family; }
uint32_t Node::uplink() const { return state_->network.uplink(); }
uint32_t Node::room() const { return state_->network.room(); }
int Node::Program(hook where, Family family) const {
  MustOk(state_->programs.EnsureLoaded(where, family));
  return state_->programs.fd(where, family);
}
uint32_t Node::SlotOf(const Peer& peer) const { return state_->nodes.slots().at(peer.name); }

}  // namespace fairlead::testing
