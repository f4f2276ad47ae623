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

void Controller::BeginTakeover() {
  if (!takeover_.has_value()) return;
  service_problems_.Note(AdoptFlows(), "adopt kube-proxy's connections");
}

// Only once all is served: a file that is broken now may hold what kube-proxy serves.
void Controller::EndTakeover() {
  if (!takeover_.has_value() || !complete_ || service_problems_.failed()) return;
  absl::Status status = AdoptFlows();
  if (status.ok()) status = takeover_->RemoveRules();
  service_problems_.Note(status, "take over from kube-proxy");
  if (status.ok()) takeover_.reset();
}

}  // namespace fairlead
