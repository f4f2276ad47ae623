// SPDX-License-Identifier: Apache-2.0
//
// --adopt-kube-proxy, as far as it is woven into the controller's steps:
// kube_proxy_takeover.h says why in this order.
#include <set>

#include "loader/daemon/controller.h"

namespace fairlead {

absl::Status Controller::AdoptFlows() {
  // Beside another network the packets of its pods meet conntrack as before: all connections
  // stay with the kernel's translation, and the hooks let them pass (hook_config.strangers).
  if (options_.has_guests()) return absl::OkStatus();
  plan::WhereFlowsRun here{
      .node_addresses = context_.node_addresses,
      .is_our_pod = {},
      .is_of_our_block = [this](const IpAddress& address) { return pods_->IsInBlocks(address); }};
  std::set<IpAddress> pods;
  for (const auto& [id, pod] : pods_->attachments()) {
    if (pod.ip4.has_value()) pods.insert(*pod.ip4);
    if (pod.ip6.has_value()) pods.insert(*pod.ip6);
  }
  here.is_our_pod = [&pods](const IpAddress& address) { return pods.contains(address); };
  return takeover_->AdoptFlows(planner_.plan(), here, *dataplane_);
}

// Where Services are about to be served that were not. Once all have been, no connection
// begins at kube-proxy's rules any more.
void Controller::BeginTakeover(const plan::ServicePlanner::Difference& difference) {
  if (!takeover_.has_value() || has_late_flows_ || difference.names.empty()) return;
  takeover_problems_.Begin();
  takeover_problems_.Note(AdoptFlows(), "adopt kube-proxy's connections");
}

// Only once all is served: a file that is broken now may hold what kube-proxy serves.
void Controller::EndTakeover() {
  const auto now = std::chrono::steady_clock::now();
  if (!takeover_.has_value() || !takeover_delay_.IsDue(now)) return;
  if (!complete_ || service_problems_.failed()) return;
  takeover_problems_.Begin();
  absl::Status status = AdoptFlows();
  takeover_problems_.Note(status, "adopt kube-proxy's connections");
  if (status.ok()) {
    has_late_flows_ = true;
    status = takeover_->RemoveRules();
    takeover_problems_.Note(status, "remove kube-proxy's rules");
  }
  if (status.ok()) {
    takeover_.reset();
  } else {
    takeover_delay_.NoteFailure(now);
  }
}

}  // namespace fairlead
