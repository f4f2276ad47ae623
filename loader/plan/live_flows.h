// SPDX-License-Identifier: Apache-2.0
//
// Another proxy's connections → those that go on here: their clients' packets
// meet our hooks, so they would be taken for new ones and given another
// backend.
//
//   client ──▶ frontend   as it arrives, what the client believes
//   answer_to ──▶ backend as it leaves; answer_to is the client itself, or an
//                         address of this node where the other proxy masquerades
#ifndef FAIRLEAD_LOADER_PLAN_LIVE_FLOWS_H_
#define FAIRLEAD_LOADER_PLAN_LIVE_FLOWS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/ip.h"
#include "loader/plan/service_plan.h"

namespace fairlead::plan {

struct LiveFlow {
  Protocol protocol = Protocol::kTcp;
  Endpoint client, frontend;
  Endpoint answer_to, backend;
  std::array<uint8_t, 2> window_scale = {0, 0};  // TCP: the client's shift, the backend's

  friend bool operator==(const LiveFlow&, const LiveFlow&) = default;
};

struct WhereFlowsRun {
  std::vector<IpAddress> node_addresses;
  // True for pods of this node with our hooks on their device.
  std::function<bool(const IpAddress&)> is_our_pod;
  // True for addresses that pods of this node may have.
  std::function<bool(const IpAddress&)> is_of_our_block;
};

// True if its frontend is in the plan, its backend is one of that's backends, and each end is
// elsewhere or a pod of ours: packets in either direction meet our hooks. Others stay with the
// kernel: an end on this node without our hooks (its own processes) is translated where it is.
bool IsToAdopt(const LiveFlow& flow, const ServicePlan& plan, const WhereFlowsRun& here);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_LIVE_FLOWS_H_
