// SPDX-License-Identifier: Apache-2.0
#include "cli/table_json.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "cli/service_view.h"
#include "maps/counter/verdict_counters.h"

namespace fairlead::cli {
namespace {

template <typename Ip>
std::string Address(const Ip& ip) {
  return FromAbi(ip).ToString();
}

template <typename Ip>
std::string AddressPort(const Ip& ip, uint16_t port_as_on_the_wire) {
  return Endpoint{FromAbi(ip), ntohs(port_as_on_the_wire)}.ToString();
}

// BACKEND_NONE is no number.
Json BackendNumber(uint32_t number) { return number == BACKEND_NONE ? Json() : Json(number); }

const char* ExitName(uint8_t exit) {
  switch (exit) {
    case EXIT_POD:
      return "pod";
    case EXIT_NODE:
      return "node";
    case EXIT_UPLINK:
      return "uplink";
    case EXIT_STACK:
      return "stack";
    case EXIT_RELAY:
      return "relay";
    default:
      return "unknown";
  }
}

template <typename Side>
Json SideJson(const Side& side) {
  return {{"generation", side.generation},
          {"last_seen", side.last_seen},
          {"policy_epoch", side.policy_epoch},
          {"backend", BackendNumber(side.backend)},
          {"backend_generation", side.backend_generation},
          {"exit", ExitName(side.exit)},
          {"exit_target", side.exit_target},
          {"exit_generation", side.exit_generation},
          {"acked", side.acked},
          {"window", side.window},
          {"window_scale", side.window_scale},
          {"packets", side.packets},
          {"flags", side.flags},
          {"protocol", ProtocolName(side.protocol)},
          {"address_delta", side.address_delta},
          {"l4_delta", side.l4_delta},
          {"source", AddressPort(side.source, side.source_port)},
          {"destination", AddressPort(side.destination, side.destination_port)},
          {"created", side.created}};
}

}  // namespace

template <typename Abi>
Json TableJson<Abi>::Key(const typename Abi::ServiceKey& key) {
  return fmt::format("{}/{}{}", AddressPort(key.vip, key.port), ProtocolName(key.protocol),
                     key.relayed != 0 ? " relayed" : "");
}

template <typename Abi>
Json TableJson<Abi>::Key(const typename Abi::SocketPeerKey& key) {
  return fmt::format("socket {} to {}", key.cookie, AddressPort(key.address, key.port));
}

template <typename Abi>
Json TableJson<Abi>::Key(const typename Abi::Tuple& tuple) {
  return fmt::format("{}>{}/{}", AddressPort(tuple.source, tuple.source_port),
                     AddressPort(tuple.destination, tuple.destination_port),
                     ProtocolName(tuple.protocol));
}

template <typename Abi>
Json TableJson<Abi>::Key(const typename Abi::FragmentKey& key) {
  // IPv6 tells datagrams apart without the protocol.
  const std::string protocol =
      key.protocol == 0 ? "" : "/" + ProtocolName(static_cast<uint8_t>(key.protocol));
  return fmt::format("{}>{}#{}{}", Address(key.source), Address(key.destination), key.id, protocol);
}

template <typename Abi>
Json TableJson<Abi>::Key(const typename Abi::PodAddress& key) {
  return Address(key.address);
}

template <typename Abi>
Json TableJson<Abi>::Key(const typename Abi::Group& key) {
  return Address(key.address);
}

template <typename Abi>
Json TableJson<Abi>::Key(const typename Abi::PrefixKey& key) {
  return fmt::format("{}/{}", Address(key.address), key.length);
}

template <typename Abi>
Json TableJson<Abi>::Key(const typename Abi::SourceRangeKey& key) {
  return fmt::format("service {} from {}/{}", key.service, Address(key.address),
                     key.length - SOURCE_RANGE_SERVICE_BITS);
}

template <typename Abi>
Json TableJson<Abi>::Key(const typename Abi::AffinityKey& key) {
  return fmt::format("service {} client {}", key.service, Address(key.client));
}

template <typename Abi>
Json TableJson<Abi>::Value(const typename Abi::Backend& backend) {
  return {{"endpoint", AddressPort(backend.address, backend.port)},
          {"state", BackendStateName(backend.state)},
          {"weight", backend.weight},
          {"generation", backend.generation},
          {"service", backend.service}};
}

template <typename Abi>
Json TableJson<Abi>::Value(const typename Abi::Flow& flow) {
  return {{"origin", SideJson(flow.side[SIDE_ORIGIN])}, {"reply", SideJson(flow.side[SIDE_REPLY])}};
}

template <typename Abi>
Json TableJson<Abi>::Value(const typename Abi::HalfOpenBucket& bucket) {
  Json ways = Json::array();
  for (const auto& way : bucket.way) {
    if (way.stamp == STAMP_EMPTY) continue;
    ways.push_back({{"tuple", Key(way.tuple)},
                    {"reverse", Key(way.reverse)},
                    {"stamp", way.stamp},
                    {"backend", BackendNumber(way.backend)},
                    {"backend_generation", way.backend_generation},
                    {"flags", way.flags},
                    {"window_scale", way.window_scale},
                    {"policy_epoch", way.policy_epoch},
                    {"uplink_epoch", way.uplink_epoch}});
  }
  return ways;
}

template <typename Abi>
Json TableJson<Abi>::Value(const typename Abi::NodeState& state) {
  return {{"hash_seed", state.hash_seed == 0 ? "none" : "set"},  // a secret of the node
          {"policy_epoch", state.policy_epoch},
          {"uplink_epoch", state.uplink_epoch},
          {"smallest_mtu", state.smallest_mtu},
          {"pod_network", Address(state.pod_network)},
          {"pod_mask", Address(state.pod_mask)},
          {"address", Address(state.address)},
          {"tunnel_ifindex", state.tunnel_ifindex}};
}

template struct TableJson<Abi4>;
template struct TableJson<Abi6>;

Json ValueJson(const service& value) {
  return {{"id", value.id},
          {"flags", value.flags},
          {"first", value.first},
          {"count", value.count},
          {"outside_first", value.outside_first},
          {"outside_count", value.outside_count},
          {"affinity", value.affinity},
          {"kind", ServiceKindName(value.kind)}};
}

Json ValueJson(const affinity& value) {
  return {{"backend", value.backend},
          {"backend_generation", value.backend_generation},
          {"stamp", value.stamp}};
}

Json ValueJson(const socket_peer4& value) { return AddressPort(value.address, value.port); }
Json ValueJson(const socket_peer6& value) { return AddressPort(value.address, value.port); }

Json ValueJson(const socket_flow& value) {
  return {{"backend", value.backend}, {"generation", value.generation}, {"used", value.used}};
}

Json ValueJson(const flow_ref& value) {
  return {{"flow", value.flow_and_side >> 1},
          {"side", (value.flow_and_side & 1) == SIDE_ORIGIN ? "origin" : "reply"},
          {"generation", value.generation}};
}

Json ValueJson(const fragment& value) {
  return {{"created", value.created},
          {"source_port", ntohs(value.source_port)},
          {"destination_port", ntohs(value.destination_port)},
          {"protocol", ProtocolName(value.protocol)},
          {"in_room", (value.shape & FRAGMENT_IN_ROOM) != 0},
          {"headers", value.headers}};
}

Json ValueJson(const room& value) { return {{"ifindex", value.ifindex}, {"uplink", value.uplink}}; }

Json ValueJson(const pod& value) {
  MacAddress mac;
  std::copy(std::begin(value.mac), std::end(value.mac), mac.begin());
  return {{"ifindex", value.ifindex},
          {"generation", value.generation},
          {"mac", MacToString(mac)},
          {"mtu", value.mtu},
          {"address4", Address(value.address4)},
          {"address6", Address(value.address6)},
          {"policy_subject", value.policy_subject}};
}

Json ValueJson(const pod_slot& value) {
  return {{"slot", value.slot}, {"generation", value.generation}};
}

Json ValueJson(const node& value) {
  return {{"ifindex", value.ifindex},
          {"generation", value.generation},
          {"next_hop4", Address(value.next_hop4)},
          {"next_hop6", Address(value.next_hop6)},
          {"mtu", value.mtu},
          {"way", value.way == NODE_NATIVE ? "native" : "tunnel"},
          {"tunnel_local", FromMapped(value.tunnel_local).ToString()},
          {"tunnel_remote", FromMapped(value.tunnel_remote).ToString()}};
}

Json ValueJson(const tunnel_peer& value) { return {{"node", value.node}}; }

Json ValueJson(const uplink& value) {
  return {{"address4", Address(value.address4)},
          {"address6", Address(value.address6)},
          {"mtu", value.mtu}};
}

Json ValueJson(const prefix& value) {
  const char* const kKinds[] = {"?",      "host",      "own_pods", "peer_pods",    "peer",
                                "direct", "peer_hide", "service",  "service_cidr", "virtual_ip"};
  return {{"kind", kKinds[value.kind <= PREFIX_VIRTUAL_IP ? value.kind : 0]}, {"node", value.node}};
}

Json ValueJson(const group_listeners& value) {
  Json slots = Json::array();
  for (uint32_t slot = 0; slot < FL_MAX_PODS; ++slot) {
    if ((value.slots[slot / 64] >> (slot % 64) & 1) != 0) slots.push_back(slot);
  }
  return {{"slots", slots}};
}

Json ValueJson(const counter& value) {
  return {{"packets", value.packets}, {"bytes", value.bytes}};
}

Json ValueJson(const verdict_record& value) {
  return {{"hook", HookName(value.hook)},
          {"reason", VerdictName(value.reason)},
          {"ifindex", value.ifindex},
          {"family", value.family}};
}

}  // namespace fairlead::cli
