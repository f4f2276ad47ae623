// SPDX-License-Identifier: Apache-2.0
#include "cli/flow_view.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "cli/live_program.h"
#include "maps/conntrack/flow_sweep.h"

namespace fairlead::cli {
namespace {

template <typename Ip>
Endpoint MakeEndpoint(const Ip& address, uint16_t port_as_on_the_wire) {
  return {FromAbi(address), ntohs(port_as_on_the_wire)};
}

// A program may have written a stamp after we read the clock, and marks its
// lowest bit: see bpf/conntrack/age.h.
uint32_t Since(uint32_t stamp, uint32_t now) {
  constexpr uint32_t kTicksAhead = 1024;
  return stamp - (now | 1) < kTicksAhead ? 0 : (now | 1) - stamp;
}

bool IsTcp(uint8_t protocol) { return protocol == static_cast<uint8_t>(Protocol::kTcp); }

template <typename Abi>
FlowState StateOf(const typename Abi::Flow& flow) {
  const uint32_t origin = flow.side[SIDE_ORIGIN].flags;
  const uint32_t reply = flow.side[SIDE_REPLY].flags;
  if (!IsTcp(flow.side[SIDE_ORIGIN].protocol)) return FlowState::kConversation;
  if (((origin | reply) & FLOW_RESET) != 0 || (origin & reply & FLOW_FIN) != 0) {
    return FlowState::kClosed;
  }
  if (((origin | reply) & FLOW_FIN) != 0) return FlowState::kHalfClosed;
  return (origin & FLOW_HAS_WINDOW) != 0 ? FlowState::kEstablished : FlowState::kHandshake;
}

void SetQuiet(FlowView& view, uint32_t idle, uint32_t timeout, const FlowTime& time) {
  view.idle = idle / time.jiffies_per_second;
  view.left = (timeout - std::min(idle, timeout)) / time.jiffies_per_second;
  if (idle > timeout) view.state = FlowState::kExpired;
}

void SetBackend(FlowView& view, uint32_t number, uint32_t generation) {
  if (number != BACKEND_NONE) view.backend_number = number;
  view.backend_generation = generation;
}

// "pod shop/web-1", "node 3", "uplink eth0", "stack"; null: no packet yet.
Json ExitText(const FlowExit& exit, const PinnedNode& node) {
  switch (exit.kind) {
    case EXIT_POD: {
      const Json name = node.names().Pod(exit.target);
      return fmt::format("pod {}", name.is_null() ? fmt::format("{}", exit.target) : Cell(name));
    }
    case EXIT_RELAY:
    case EXIT_NODE: {
      const char* way = exit.kind == EXIT_RELAY ? "relayed to node" : "node";
      const Json name = node.names().Node(exit.target);
      return fmt::format("{} {}", way,
                         name.is_null() ? fmt::format("{}", exit.target) : Cell(name));
    }
    case EXIT_UPLINK: {
      const std::string device = DeviceName(exit.target);
      return fmt::format("uplink {}", device.empty() ? fmt::format("#{}", exit.target) : device);
    }
    case EXIT_STACK:
      return "stack";
    default:
      return {};
  }
}

}  // namespace

const char* FlowStateName(FlowState state) {
  switch (state) {
    case FlowState::kHalfOpen:
      return "HALF_OPEN";
    case FlowState::kReplied:
      return "REPLIED";
    case FlowState::kHandshake:
      return "HANDSHAKE";
    case FlowState::kEstablished:
      return "ESTABLISHED";
    case FlowState::kConversation:
      return "CONVERSATION";
    case FlowState::kHalfClosed:
      return "HALF_CLOSED";
    case FlowState::kClosed:
      return "CLOSED";
    case FlowState::kExpired:
      return "EXPIRED";
  }
  return "?";
}

template <typename Abi>
std::optional<FlowView> DescribeFlow(uint32_t number, const typename Abi::Flow& flow,
                                     const FlowTime& time) {
  const auto& origin = flow.side[SIDE_ORIGIN];
  const auto& reply = flow.side[SIDE_REPLY];
  if (origin.last_seen == 0 || reply.last_seen == 0) return std::nullopt;
  const typename Abi::Tuple arrival = ArrivalTuple<Abi>(flow, SIDE_ORIGIN);
  FlowView view;
  view.family = Abi::kFamily;
  view.number = number;
  view.protocol = origin.protocol;
  view.client = MakeEndpoint(arrival.source, arrival.source_port);
  view.frontend = MakeEndpoint(arrival.destination, arrival.destination_port);
  view.source = MakeEndpoint(origin.source, origin.source_port);
  view.backend = MakeEndpoint(origin.destination, origin.destination_port);
  view.state = StateOf<Abi>(flow);
  view.age = Since(origin.created, time.now) / time.jiffies_per_second;
  SetQuiet(view, FlowAge<Abi>(flow, time.now), FlowTimeout<Abi>(flow, time.config), time);
  SetBackend(view, origin.backend, origin.backend_generation);
  for (const int side : {SIDE_ORIGIN, SIDE_REPLY}) {
    view.packets[side] = flow.side[side].packets;
    view.exits[side] = {flow.side[side].exit, flow.side[side].exit_target};
    view.policy_epoch[side] = flow.side[side].policy_epoch;
  }
  return view;
}

template <typename Abi>
std::optional<FlowView> DescribeHalfOpen(
    const std::remove_reference_t<decltype(Abi::HalfOpenBucket::way[0])>& entry,
    const FlowTime& time) {
  if (entry.stamp == STAMP_EMPTY || entry.stamp == STAMP_BUSY) return std::nullopt;
  if ((entry.flags & HALF_OPEN_REPLY) != 0) return std::nullopt;
  FlowView view;
  view.family = Abi::kFamily;
  view.protocol = entry.tuple.protocol;
  view.client = MakeEndpoint(entry.tuple.source, entry.tuple.source_port);
  view.frontend = MakeEndpoint(entry.tuple.destination, entry.tuple.destination_port);
  view.source = MakeEndpoint(entry.reverse.destination, entry.reverse.destination_port);
  view.backend = MakeEndpoint(entry.reverse.source, entry.reverse.source_port);
  view.state = (entry.flags & HALF_OPEN_REPLIED) != 0 ? FlowState::kReplied : FlowState::kHalfOpen;
  SetQuiet(view, Since(entry.stamp, time.now),
           time.config.timeout[IsTcp(view.protocol) ? TIMEOUT_TCP_HALF_OPEN : TIMEOUT_OTHER_FIRST],
           time);
  if (view.state == FlowState::kExpired) return std::nullopt;  // the programs forget it, too
  SetBackend(view, entry.backend, entry.backend_generation);
  view.policy_epoch[SIDE_ORIGIN] = view.policy_epoch[SIDE_REPLY] = entry.policy_epoch;
  return view;
}

std::string FlowEndpoint(uint8_t protocol, const Endpoint& endpoint) {
  switch (static_cast<Protocol>(protocol)) {
    case Protocol::kTcp:
    case Protocol::kUdp:
    case Protocol::kSctp:
      return endpoint.ToString();
    default:
      return endpoint.port == 0
                 ? endpoint.address.ToString()
                 : fmt::format("{},id={}", endpoint.address.ToString(), endpoint.port);
  }
}

Json FlowRow(const FlowView& flow, const PinnedNode& node) {
  const auto endpoint = [&flow](const Endpoint& e) { return FlowEndpoint(flow.protocol, e); };
  const std::string frontend =
      fmt::format("{}/{}", flow.frontend.ToString(), ProtocolName(flow.protocol));
  Json row = {
      {"family", static_cast<int>(flow.family)},
      {"number", flow.number.has_value() ? Json(*flow.number) : Json()},
      {"protocol", ProtocolName(flow.protocol)},
      {"client", endpoint(flow.client)},
      {"frontend", endpoint(flow.frontend)},
      {"backend", flow.is_service() ? Json(endpoint(flow.backend)) : Json()},
      {"masqueraded_as", flow.is_masqueraded() ? Json(endpoint(flow.source)) : Json()},
      {"state", FlowStateName(flow.state)},
      {"half_open", flow.is_half_open()},
      {"age_seconds", flow.age.has_value() ? Json(*flow.age) : Json()},
      {"idle_seconds", flow.idle},
      {"seconds_left", flow.left},
      {"packets", flow.is_half_open() ? Json() : Json(flow.packets[SIDE_ORIGIN])},
      {"reply_packets", flow.is_half_open() ? Json() : Json(flow.packets[SIDE_REPLY])},
      {"exit", ExitText(flow.exits[SIDE_ORIGIN], node)},
      {"reply_exit", ExitText(flow.exits[SIDE_REPLY], node)},
      {"service", node.names().Service(flow.family, frontend)},
      {"client_pod", node.PodNameOf(flow.client.address)},
      {"backend_pod", node.PodNameOf(flow.backend.address)},
      {"backend_number", flow.backend_number.has_value() ? Json(*flow.backend_number) : Json()},
      {"policy_epoch", flow.policy_epoch[SIDE_ORIGIN]},
  };
  return row;
}

#define INSTANTIATE(Abi)                                                                           \
  template std::optional<FlowView> DescribeFlow<Abi>(uint32_t, const Abi::Flow&, const FlowTime&); \
  template std::optional<FlowView> DescribeHalfOpen<Abi>(                                          \
      const std::remove_reference_t<decltype(Abi::HalfOpenBucket::way[0])>&, const FlowTime&)
INSTANTIATE(Abi4);
INSTANTIATE(Abi6);

}  // namespace fairlead::cli
