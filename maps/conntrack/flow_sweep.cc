// SPDX-License-Identifier: Apache-2.0
#include "maps/conntrack/flow_sweep.h"

#include <netinet/in.h>

#include <algorithm>

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
  return config
      .timeout[(either & FLOW_FIN) != 0 ? TIMEOUT_TCP_HALF_CLOSED : TIMEOUT_TCP_ESTABLISHED];
}

template <typename Abi>
uint32_t FlowAge(const typename Abi::Flow& flow, uint32_t now) {
  // A program may have written a stamp after we read the clock: see bpf/conntrack/age.h.
  const auto age = [now](uint32_t stamp) {
    return static_cast<uint32_t>(std::max(static_cast<int32_t>((now | 1) - stamp), 0));
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
absl::StatusOr<uint32_t> FlowSweep<Abi>::Step(uint32_t now, uint32_t count) {
  uint32_t released = 0;
  for (uint32_t i = 0; i < std::min(count, tables_.flows.size()); ++i) {
    const uint32_t number = next_;
    next_ = (next_ + 1) % tables_.flows.size();
    const typename Abi::Flow flow = tables_.flows[number];
    if (flow.side[0].last_seen == 0 || flow.side[1].last_seen == 0) continue;
    if (FlowAge<Abi>(flow, now) <= FlowTimeout<Abi>(flow, config_)) continue;
    FL_RETURN_IF_ERROR(Release(number, flow));
    ++released;
  }
  return released;
}

// The same order and the same ownership as forget_flow() in bpf/conntrack/flows.h:
// whoever deletes the first key owns the release.
template <typename Abi>
absl::Status FlowSweep<Abi>::Release(uint32_t number, const typename Abi::Flow& flow) {
  const typename Abi::Tuple origin = ArrivalTuple<Abi>(flow, SIDE_ORIGIN);
  const typename Abi::Tuple reply = ArrivalTuple<Abi>(flow, SIDE_REPLY);
  flow_ref ref{};
  const int index = tables_.flow_index.map().fd();
  if (bpf_map_lookup_and_delete_elem(index, &origin, &ref) != 0) {
    return absl::OkStatus();  // a program released it
  }
  if (ref.flow_and_side >> 1 != number || ref.generation != flow.side[0].generation) {
    // A program released it and a new flow of the same tuple has begun: not ours.
    bpf_map_update_elem(index, &origin, &ref, BPF_NOEXIST);
    return absl::OkStatus();
  }
  FL_RETURN_IF_ERROR(tables_.flow_index.Erase(reply));
  tables_.flows[number].side[SIDE_ORIGIN].last_seen = 0;
  tables_.flows[number].side[SIDE_REPLY].last_seen = 0;
  if (bpf_map_update_elem(tables_.free_flows.fd(), nullptr, &number, BPF_ANY) != 0) {
    return ErrnoStatus(errno, "give back a number to " + tables_.free_flows.name());
  }
  return absl::OkStatus();
}

#define INSTANTIATE(Abi)                                                    \
  template uint32_t FlowTimeout<Abi>(const Abi::Flow&, const hook_config&); \
  template uint32_t FlowAge<Abi>(const Abi::Flow&, uint32_t);               \
  template Abi::Tuple ArrivalTuple<Abi>(const Abi::Flow&, int);             \
  template class FlowSweep<Abi>
INSTANTIATE(Abi4);
INSTANTIATE(Abi6);

}  // namespace fairlead
