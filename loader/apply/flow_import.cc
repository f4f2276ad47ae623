// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/flow_import.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "maps/conntrack/flow_sweep.h"

namespace fairlead::apply {
namespace {

// One's complement sums in the packet's own byte order, as in bpf/packet/checksum.h.
template <typename Ip>
uint64_t IpDelta(const Ip& from, const Ip& to) {
  uint64_t sum = 0;
  for (size_t i = 0; i < std::size(from.word); ++i) sum += uint64_t{~from.word[i]} + to.word[i];
  return sum;
}

uint64_t PortDelta(uint16_t from, uint16_t to) {
  return uint64_t{static_cast<uint16_t>(~from)} + to;
}

uint16_t Folded(uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

template <typename Abi>
class FamilyImport {
 public:
  FamilyImport(FamilyTables<Abi>& tables, uint32_t now) : tables_(tables), now_(now | 1) {}

  absl::Status Import(const plan::LiveFlow& live, ImportReport& report) {
    const Tuple arrives = TupleOf(live, live.client, live.frontend);
    const Tuple leaves = TupleOf(live, live.answer_to, live.backend);
    FL_ASSIGN_OR_RETURN(const uint32_t backend, FindBackend(live));
    FL_ASSIGN_OR_RETURN(const std::optional<flow_ref> known, tables_.flow_index.Find(arrives));
    if (known.has_value()) {
      ++report.known;
      Flow& flow = tables_.flows[known->flow_and_side >> 1];
      if (LeavesWith(flow.side[known->flow_and_side & 1], leaves)) SetBackend(flow, backend);
      return absl::OkStatus();
    }
    FL_RETURN_IF_ERROR(ForgetTranslated(Reversed(leaves)));
    FL_ASSIGN_OR_RETURN(const uint32_t number, TakeNumber());
    Flow& flow = tables_.flows[number];
    const uint32_t generation = flow.side[SIDE_ORIGIN].generation + 1;
    flow = Filled(live, arrives, leaves, generation);
    SetBackend(flow, backend);
    std::atomic_thread_fence(std::memory_order_release);
    if (Enter(arrives, {number << 1 | SIDE_ORIGIN, generation})) {
      if (Enter(Reversed(leaves), {number << 1 | SIDE_REPLY, generation})) {
        ++report.made;
        return absl::OkStatus();
      }
      FL_RETURN_IF_ERROR(tables_.flow_index.Erase(arrives));
    }
    // A program was faster; its flow is the right one.
    ++report.known;
    const FlowSide& origin = flow.side[SIDE_ORIGIN];
    CountFlow<Abi>(tables_, origin.backend, origin.backend_generation, -1);
    flow.side[SIDE_ORIGIN].last_seen = 0;
    flow.side[SIDE_REPLY].last_seen = 0;
    return GiveBack(number);
  }

 private:
  using Tuple = typename Abi::Tuple;
  using Flow = typename Abi::Flow;
  using FlowSide = typename Abi::FlowSide;
  using Ip = typename Abi::Ip;

  static Tuple TupleOf(const plan::LiveFlow& live, const Endpoint& from, const Endpoint& to) {
    Tuple tuple{};
    tuple.source = ToAbi<Ip>(from.address);
    tuple.destination = ToAbi<Ip>(to.address);
    tuple.source_port = htons(from.port);
    tuple.destination_port = htons(to.port);
    tuple.protocol = static_cast<uint8_t>(live.protocol);
    return tuple;
  }

  static Tuple Reversed(const Tuple& tuple) {
    Tuple reversed = tuple;
    std::swap(reversed.source, reversed.destination);
    std::swap(reversed.source_port, reversed.destination_port);
    return reversed;
  }

  static bool LeavesWith(const FlowSide& side, const Tuple& tuple) {
    Tuple with = tuple;
    with.source = side.source;
    with.destination = side.destination;
    with.source_port = side.source_port;
    with.destination_port = side.destination_port;
    return std::memcmp(&with, &tuple, sizeof(tuple)) == 0;
  }

  // What packets of a side leave with.
  static void Leave(FlowSide& side, const Tuple& with) {
    side.source = with.source;
    side.destination = with.destination;
    side.source_port = with.source_port;
    side.destination_port = with.destination_port;
  }

  Flow Filled(const plan::LiveFlow& live, const Tuple& arrives, const Tuple& leaves,
              uint32_t generation) const {
    const bool is_tcp = live.protocol == Protocol::kTcp;
    Flow flow{};
    for (int i : {SIDE_ORIGIN, SIDE_REPLY}) {
      FlowSide& side = flow.side[i];
      side.generation = generation;
      side.created = side.last_seen = now_;
      side.policy_epoch = tables_.node_state[0].policy_epoch;
      side.protocol = arrives.protocol;
      side.exit = EXIT_UNKNOWN;
      side.flags = FLOW_TRANSLATED;
      side.backend = BACKEND_NONE;
      side.packets = 1;
      if (!is_tcp) continue;
      side.flags |= FLOW_HAS_WINDOW;
      side.window = UINT32_MAX;
      side.window_scale = live.window_scale[static_cast<size_t>(i)];
    }
    FlowSide& origin = flow.side[SIDE_ORIGIN];
    FlowSide& reply = flow.side[SIDE_REPLY];
    Leave(origin, leaves);
    Leave(reply, Reversed(arrives));
    const uint64_t addresses =
        IpDelta(arrives.source, leaves.source) + IpDelta(arrives.destination, leaves.destination);
    const uint64_t ports = PortDelta(arrives.source_port, leaves.source_port) +
                           PortDelta(arrives.destination_port, leaves.destination_port);
    origin.address_delta = Folded(addresses);
    origin.l4_delta = Folded(addresses + ports);
    reply.address_delta = static_cast<uint16_t>(~origin.address_delta);
    reply.l4_delta = static_cast<uint16_t>(~origin.l4_delta);
    return flow;
  }

  void SetBackend(Flow& flow, uint32_t backend) {
    FlowSide& origin = flow.side[SIDE_ORIGIN];
    const uint32_t generation = backend == BACKEND_NONE ? 0 : tables_.backends[backend].generation;
    if (backend == BACKEND_NONE ||
        (origin.backend == backend && origin.backend_generation == generation)) {
      return;
    }
    CountFlow<Abi>(tables_, origin.backend, origin.backend_generation, -1);
    origin.backend_generation = flow.side[SIDE_REPLY].backend_generation = generation;
    // Last: a program that sees the number compares the generation.
    std::atomic_ref<uint32_t>(origin.backend).store(backend, std::memory_order_release);
    CountFlow<Abi>(tables_, backend, generation, 1);
  }

  // Its number, or BACKEND_NONE.
  absl::StatusOr<uint32_t> FindBackend(const plan::LiveFlow& live) {
    typename Abi::ServiceKey key{};
    key.vip = ToAbi<Ip>(live.frontend.address);
    key.port = htons(live.frontend.port);
    key.protocol = static_cast<uint8_t>(live.protocol);
    FL_ASSIGN_OR_RETURN(std::optional<service> found, tables_.services.Find(key));
    if (!found.has_value()) {
      key.vip = Ip{};
      FL_ASSIGN_OR_RETURN(found, tables_.services.Find(key));
    }
    if (!found.has_value()) return uint32_t{BACKEND_NONE};
    if (numbers_.empty()) CountBackends();
    const auto number = numbers_.find({found->id, live.backend});
    return number == numbers_.end() ? uint32_t{BACKEND_NONE} : number->second;
  }

  void CountBackends() {
    for (uint32_t number = 0; number < tables_.backends.size(); ++number) {
      const typename Abi::Backend& backend = tables_.backends[number];
      if (backend.state == BACKEND_FREE) continue;
      numbers_[{backend.service, {FromAbi(backend.address), ntohs(backend.port)}}] = number;
    }
  }

  // The stack's half of the connection, as to_pod has seen it: the same answers, untranslated.
  // Until the new flow is there, they go to the stack, which still translates them.
  absl::Status ForgetTranslated(const Tuple& answer) {
    FL_ASSIGN_OR_RETURN(const std::optional<flow_ref> ref, tables_.flow_index.Find(answer));
    if (!ref.has_value()) return absl::OkStatus();
    return ReleaseFlow<Abi>(tables_, ref->flow_and_side >> 1, ref->generation);
  }

  bool Enter(const Tuple& tuple, const flow_ref& ref) {
    return bpf_map_update_elem(tables_.flow_index.map().fd(), &tuple, &ref, BPF_NOEXIST) == 0;
  }

  absl::StatusOr<uint32_t> TakeNumber() {
    uint32_t number = 0;
    if (bpf_map_lookup_and_delete_elem(tables_.free_flows.fd(), nullptr, &number) != 0) {
      return ErrnoStatus(errno, "take a number from " + tables_.free_flows.name());
    }
    return number;
  }

  absl::Status GiveBack(uint32_t number) {
    if (bpf_map_update_elem(tables_.free_flows.fd(), nullptr, &number, BPF_ANY) == 0) {
      return absl::OkStatus();
    }
    return ErrnoStatus(errno, "give back a number to " + tables_.free_flows.name());
  }

  FamilyTables<Abi>& tables_;
  const uint32_t now_;
  std::map<std::pair<uint32_t, Endpoint>, uint32_t> numbers_;  // by service and endpoint
};

}  // namespace

absl::StatusOr<ImportReport> ImportFlows(Tables& tables, const std::vector<plan::LiveFlow>& flows,
                                         uint32_t now) {
  ImportReport report;
  FamilyImport<Abi4> v4(tables.v4, now);
  FamilyImport<Abi6> v6(tables.v6, now);
  for (const plan::LiveFlow& flow : flows) {
    const bool is_v4 = flow.client.address.family() == Family::kIpv4;
    FL_RETURN_IF_ERROR(is_v4 ? v4.Import(flow, report) : v6.Import(flow, report));
  }
  return report;
}

}  // namespace fairlead::apply
