// SPDX-License-Identifier: Apache-2.0
//
// What the node under test remembers: its flows, read and aged through the
// mapped tables, and its counters.
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "loader/kernel/clock.h"
#include "maps/counter/verdict_counters.h"
#include "tests/dsl/node_state.h"

namespace fairlead::testing {
namespace {

template <typename Abi>
typename Abi::Tuple TupleOf(const Packet& packet) {
  typename Abi::Tuple tuple{};
  tuple.source = ToAbi<typename Abi::Ip>(packet.source().address);
  tuple.destination = ToAbi<typename Abi::Ip>(packet.destination().address);
  tuple.source_port = htons(packet.source().port);
  tuple.destination_port = htons(packet.destination().port);
  tuple.protocol = packet.protocol();
  return tuple;
}

template <typename T>
bool IsSame(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

template <typename Abi>
std::optional<Node::FlowView> FindFlowIn(const FamilyTables<Abi>& tables, const Packet& arriving) {
  const auto ref = Must(tables.flow_index.Find(TupleOf<Abi>(arriving)));
  if (!ref.has_value()) return std::nullopt;
  Node::FlowView view;
  view.number = ref->flow_and_side >> 1;
  view.side = ref->flow_and_side & 1;
  view.generation = ref->generation;
  const auto& side = tables.flows[view.number].side[view.side];
  if (side.generation != ref->generation) return std::nullopt;
  view.exit = side.exit;
  view.exit_target = side.exit_target;
  return view;
}

template <typename Abi>
bool IsHalfOpenIn(const FamilyTables<Abi>& tables, const Packet& request, const Packet& reply) {
  const auto origin = TupleOf<Abi>(request);
  const auto other = TupleOf<Abi>(reply);
  int sides = 0;
  const auto half_open = Must(tables.half_open.Map());
  for (uint32_t i = 0; i < half_open.size(); ++i) {
    for (const auto& entry : half_open[i].way) {
      if (entry.stamp == STAMP_EMPTY) continue;
      sides += IsSame(entry.tuple, origin) && IsSame(entry.reverse, other);
      sides += IsSame(entry.tuple, other) && IsSame(entry.reverse, origin);
    }
  }
  return sides == 2;
}

template <typename Abi>
void Age(FamilyTables<Abi>& tables, uint32_t jiffies) {
  auto half_open = Must(tables.half_open.Map());
  for (uint32_t i = 0; i < half_open.size(); ++i) {
    for (auto& entry : half_open[i].way) {
      if (entry.stamp != STAMP_EMPTY) entry.stamp = (entry.stamp - jiffies) | 1;
    }
  }
  for (auto [key, entry] : Must(tables.fragments.Snapshot())) {
    entry.created = (entry.created - jiffies) | 1;
    MustOk(tables.fragments.Put(key, entry));
  }
  for (uint32_t i = 0; i < tables.flows.size(); ++i) {
    for (auto& side : tables.flows[i].side) {
      if (side.last_seen != 0) side.last_seen = (side.last_seen - jiffies) | 1;
    }
  }
}

template <typename Abi>
void TakeAllNumbers(FamilyTables<Abi>& tables) {
  uint32_t number = 0;
  while (bpf_map_lookup_and_delete_elem(tables.free_flows.fd(), nullptr, &number) == 0) {
  }
}

template <typename Abi>
void AgeAffinity(FamilyTables<Abi>& tables, std::chrono::milliseconds time) {
  for (auto [key, kept] : Must(tables.affinity_of.Snapshot())) {
    kept.stamp -= static_cast<uint32_t>(time.count());
    MustOk(tables.affinity_of.Put(key, kept));
  }
}

template <typename Abi>
int CountedFlowsIn(const FamilyTables<Abi>& tables, const Endpoint& endpoint) {
  int flows = 0;
  for (uint32_t number = 0; number < tables.backends.size(); ++number) {
    const typename Abi::Backend& backend = tables.backends[number];
    if (backend.state == BACKEND_FREE) continue;
    if (Endpoint{FromAbi(backend.address), ntohs(backend.port)} != endpoint) continue;
    flows += static_cast<int>(tables.backend_flows[number]);
  }
  return flows;
}

template <typename Abi>
uint32_t CountFlows(const FamilyTables<Abi>& tables) {
  return static_cast<uint32_t>(Must(tables.flow_index.Snapshot()).size() / 2);
}

}  // namespace

std::optional<Node::FlowView> Node::FindFlow(const Packet& arriving) const {
  return family() == Family::kIpv4 ? FindFlowIn(state_->tables.v4, arriving)
                                   : FindFlowIn(state_->tables.v6, arriving);
}

bool Node::IsHalfOpen(const Packet& request, const Packet& forwarded) const {
  return family() == Family::kIpv4 ? IsHalfOpenIn(state_->tables.v4, request, forwarded.Reply())
                                   : IsHalfOpenIn(state_->tables.v6, request, forwarded.Reply());
}

uint32_t Node::SnatRefusals(const Pod& pod) const { return state_->tables.snat_refused[pod.slot]; }

uint32_t Node::DatagramCount() const {
  const auto count = [](const auto& tables) {
    return static_cast<uint32_t>(Must(tables.fragments.Snapshot()).size());
  };
  return family() == Family::kIpv4 ? count(state_->tables.v4) : count(state_->tables.v6);
}

int Node::CountedFlows(const Endpoint& backend) const {
  return family() == Family::kIpv4 ? CountedFlowsIn(state_->tables.v4, backend)
                                   : CountedFlowsIn(state_->tables.v6, backend);
}

uint32_t Node::FlowCount() const {
  return family() == Family::kIpv4 ? CountFlows(state_->tables.v4) : CountFlows(state_->tables.v6);
}

void Node::TimePasses(std::chrono::seconds seconds) {
  const uint32_t jiffies = static_cast<uint32_t>(seconds.count()) * JiffiesPerSecond();
  AgeAffinity(state_->tables.v4, seconds);
  AgeAffinity(state_->tables.v6, seconds);
  Age(state_->tables.v4, jiffies);
  Age(state_->tables.v6, jiffies);
}

absl::StatusOr<apply::ImportReport> Node::Adopt(const Packet& arriving, const Packet& leaving) {
  const plan::LiveFlow flow = {.protocol = static_cast<Protocol>(arriving.protocol()),
                               .client = arriving.source(),
                               .frontend = arriving.destination(),
                               .answer_to = leaving.source(),
                               .backend = leaving.destination()};
  static const FlowClock clock = Must(FlowClock::Load());
  return apply::ImportFlows(state_->tables, {flow}, Must(clock.Now()));
}

void Node::BumpPolicyEpoch() {
  state_->tables.v4.node_state[0].policy_epoch++;
  state_->tables.v6.node_state[0].policy_epoch++;
}

void Node::EmptyTailCalls() {
  for (const Family each : {Family::kIpv4, Family::kIpv6}) {
    Program(HOOK_FROM_POD, each);
    for (uint32_t slot = 0; slot < TAIL_SLOT_COUNT; ++slot) {
      if (bpf_map_delete_elem(state_->programs.tail_calls(each).fd(), &slot) != 0) std::abort();
    }
  }
}

void Node::FillFlowTable() {
  TakeAllNumbers(state_->tables.v4);
  TakeAllNumbers(state_->tables.v6);
}

uint64_t Node::Count(hook where, uint32_t reason) const {
  uint64_t packets = 0;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    packets += Must(ReadVerdictCount(state_->tables, where, family, reason)).packets;
  }
  return packets;
}

}  // namespace fairlead::testing
