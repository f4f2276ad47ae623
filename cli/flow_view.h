// SPDX-License-Identifier: Apache-2.0
//
// A flow in words: who speaks to whom, as whom, since when, and where packets
// of either side leave. Made from either conntrack tier, of either family.
//
//   client ──▶ frontend     as the client's packets arrive
//   source ──▶ backend      as they leave: the source differs if masqueraded,
//                           the backend if a service was translated
#ifndef FAIRLEAD_CLI_FLOW_VIEW_H_
#define FAIRLEAD_CLI_FLOW_VIEW_H_

#include <cstdint>
#include <optional>

#include "base/ip.h"
#include "cli/pinned_node.h"

namespace fairlead::cli {

enum class FlowState {
  kHalfOpen,     // nobody has answered yet
  kReplied,      // not TCP: answered once, not yet a conversation
  kHandshake,    // TCP: answered, and the client has not acknowledged that
  kEstablished,  // TCP
  kConversation,
  kHalfClosed,  // TCP: one FIN
  kClosed,      // TCP: both FINs, or a reset that was believed
  kExpired,     // quiet for longer than its timeout; its next packet starts anew
};
const char* FlowStateName(FlowState state);  // "ESTABLISHED"

// Where packets of one side leave.
struct FlowExit {
  uint8_t kind = EXIT_UNKNOWN;  // EXIT_*
  uint32_t target = 0;          // by kind: slot of a pod or a node, interface index
};

struct FlowView {
  Family family = Family::kIpv4;
  std::optional<uint32_t> number;  // in flows; absent: half-open
  uint8_t protocol = 0;
  Endpoint client, frontend, source, backend;
  FlowState state = FlowState::kHalfOpen;
  std::optional<uint32_t> age;  // seconds since the flow object was made
  uint32_t idle = 0;            // seconds since the last packet of either side
  uint32_t left = 0;            // seconds until it expires if nobody speaks
  std::optional<uint32_t> backend_number;
  uint32_t backend_generation = 0;
  uint32_t packets[2] = {};  // by side, approximate; flow objects only
  FlowExit exits[2];         // by side; flow objects only
  uint32_t policy_epoch[2] = {};

  bool is_masqueraded() const { return client != source; }
  bool is_service() const { return frontend != backend; }
  bool is_half_open() const { return !number.has_value(); }
};

// `flow` is a copy: the programs write while we read. nullopt: a free object.
template <typename Abi>
std::optional<FlowView> DescribeFlow(uint32_t number, const typename Abi::Flow& flow,
                                     const FlowTime& time);

// nullopt: empty, stale, just being written, or the entry of the reply's side:
// its other one describes the same flow.
template <typename Abi>
std::optional<FlowView> DescribeHalfOpen(
    const std::remove_reference_t<decltype(Abi::HalfOpenBucket::way[0])>& entry,
    const FlowTime& time);

// What a row of `fairlead flows` holds; `node` knows the names.
Json FlowRow(const FlowView& flow, const PinnedNode& node);

// "10.0.0.1:80", "[fd00::1]:80"; without ports "10.0.0.1", and for ICMP echo
// "10.0.0.1,id=7", as the id takes the place of one port.
std::string FlowEndpoint(uint8_t protocol, const Endpoint& endpoint);

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_FLOW_VIEW_H_
