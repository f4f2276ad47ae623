// SPDX-License-Identifier: Apache-2.0
#include "maps/conntrack/flow_sweep.h"

#include <netinet/in.h>

#include <algorithm>
#include <atomic>

#include "base/status_macros.h"

namespace fairlead {

template <typename Abi>
uint32_t FlowTimeout(const typename Abi::Flow& flow, const hook_config& config) {
  const auto& origin = flow.side[SIDE_ORIGIN];
  const auto& reply = flow.side[SIDE_REPLY];
  if (origin.protocol != IPPROTO_TCP) return config.timeout[TIMEOUT_OTHER_CONVERSATION];
  const int either = origin.flags | reply.flags;
  if ((either & FLOW_RESET) != 0 || (origin.flags & reply.flags & FLOW_FIN) != 0) {
    return config.timeout[TIMEOUT_TCP_CLOSED];
  }
  // Relayed: of two FINs one is seen, of the server's resets none.
  if ((either & FLOW_ONE_WAY) != 0) {
    return config
        .timeout[(either & FLOW_FIN) != 0 ? TIMEOUT_TCP_HALF_OPEN : TIMEOUT_TCP_HALF_CLOSED];
  }
  if ((either & FLOW_FIN) != 0) return config.timeout[TIMEOUT_TCP_HALF_CLOSED];
  // The client has not acknowledged the SYN-ACK: anyone can send a SYN.
  return config.timeout[(origin.flags & FLOW_HAS_WINDOW) != 0 ? TIMEOUT_TCP_ESTABLISHED
                                                              : TIMEOUT_TCP_HALF_OPEN];
}

template <typename Abi>
uint32_t FlowAge(const typename Abi::Flow& flow, uint32_t now) {
  // A program may have written a stamp after we read the clock: see bpf/conntrack/age.h.
  constexpr uint32_t kTicksAhead = 1024;
  const auto age = [now](uint32_t stamp) {
    return stamp - (now | 1) < kTicksAhead ? 0 : (now | 1) - stamp;
  };
  return std::min(age(flow.side[0].last_seen), age(flow.side[1].last_seen));
}

template <typename Abi>
typename Abi::Tuple ArrivalTuple(const typename Abi::Flow& flow, int side) {
  const auto& other = flow.side[side ^ 1];
  typename Abi::Tuple tuple{};
  tuple.source = other.destination;
  tuple.destination = other.source;
  tuple.source_port = other.destination_port;
  tuple.destination_port = other.source_port;
  tuple.protocol = other.protocol;
  return tuple;
}

template <typename Abi>
void CountFlow(FamilyTables<Abi>& tables, uint32_t backend, uint32_t generation, int change) {
  if (backend >= tables.backends.size()) return;  // BACKEND_NONE
  if (tables.backends[backend].generation != generation) return;
  std::atomic_ref<uint32_t>(tables.backend_flows[backend]) += static_cast<uint32_t>(change);
}

// The same order and the same claim as release_flow() in bpf/conntrack/flows.h:
// who moves the generation on owns the release, and nobody can enter the keys
// anew while the old ones are there.
template <typename Abi>
absl::Status ReleaseFlow(FamilyTables<Abi>& tables, uint32_t number, uint32_t generation) {
  const typename Abi::Flow flow = tables.flows[number];
  auto& sides = tables.flows[number].side;
  std::atomic_ref<uint32_t> claim(sides[SIDE_ORIGIN].generation);
  const uint32_t next = generation + 1;
  if (!claim.compare_exchange_strong(generation, next)) return absl::OkStatus();
  sides[SIDE_REPLY].generation = next;
  FL_RETURN_IF_ERROR(tables.flow_index.Erase(ArrivalTuple<Abi>(flow, SIDE_ORIGIN)));
  FL_RETURN_IF_ERROR(tables.flow_index.Erase(ArrivalTuple<Abi>(flow, SIDE_REPLY)));
  CountFlow(tables, flow.side[SIDE_ORIGIN].backend, flow.side[SIDE_ORIGIN].backend_generation, -1);
  sides[SIDE_ORIGIN].last_seen = 0;
  sides[SIDE_REPLY].last_seen = 0;
  if (bpf_map_update_elem(tables.free_flows.fd(), nullptr, &number, BPF_ANY) != 0) {
    return ErrnoStatus(errno, "give back a number to " + tables.free_flows.name());
  }
  return absl::OkStatus();
}

template <typename Abi>
absl::StatusOr<uint32_t> FlowSweep<Abi>::Step(uint32_t now, uint32_t count) {
  uint32_t released = 0;
  for (uint32_t i = 0; i < std::min(count, tables_.flows.size()); ++i) {
    const uint32_t number = next_;
    next_ = (next_ + 1) % tables_.flows.size();
    const typename Abi::Flow flow = tables_.flows[number];
    if (flow.side[0].last_seen == 0 || flow.side[1].last_seen == 0) continue;
    // From a time when clients were relayed, which the programs do no more.
    const bool stray =
        config_.direct_return == 0 && (flow.side[SIDE_ORIGIN].flags & FLOW_ONE_WAY) != 0;
    if (!stray && FlowAge<Abi>(flow, now) <= FlowTimeout<Abi>(flow, config_)) continue;
    FL_RETURN_IF_ERROR(ReleaseFlow(tables_, number, flow.side[SIDE_ORIGIN].generation));
    ++released;
  }
  return released;
}

#define INSTANTIATE(Abi)                                                          \
  template uint32_t FlowTimeout<Abi>(const Abi::Flow&, const hook_config&);       \
  template uint32_t FlowAge<Abi>(const Abi::Flow&, uint32_t);                     \
  template Abi::Tuple ArrivalTuple<Abi>(const Abi::Flow&, int);                   \
  template void CountFlow<Abi>(FamilyTables<Abi>&, uint32_t, uint32_t, int);      \
  template absl::Status ReleaseFlow<Abi>(FamilyTables<Abi>&, uint32_t, uint32_t); \
  template class FlowSweep<Abi>
INSTANTIATE(Abi4);
INSTANTIATE(Abi6);

}  // namespace fairlead
