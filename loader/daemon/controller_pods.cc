// SPDX-License-Identifier: Apache-2.0
//
// Controller's share in the life of pods: those that went without a word, those
// of another podCIDR, and the runtime's directories.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/log.h"
#include "loader/daemon/cni_install.h"
#include "loader/daemon/controller.h"
#include "loader/plan/node_port_addresses.h"
#include "loader/plan/reach_plan.h"

namespace fairlead {

void Controller::NotePodsGone(const NetworkChanges& changes) {
  const auto now = PodAttacher::Clock::now();
  for (const uint32_t link : changes.gone_links) pods_->NoteGone(link, now);
  if (!changes.lost_events) return;
  if (const absl::Status status = pods_->LookForGone(now); !status.ok()) {
    LogError("look for pods that are gone: {}", std::string(status.message()));
  }
}

void Controller::ReleasePods() {
  for (const LocalPod& pod : pods_->ReleaseVanished(PodAttacher::Clock::now())) {
    LogWarn("pod released container={} pod={}/{}: its interface is gone and no DEL has come",
            pod.container_id, pod.name_space, pod.name);
  }
}

void Controller::NoteStrayPods(const plan::OwnNode& own) {
  const std::vector<LocalPod> strays = pods_->Strays();
  if (strays.empty()) return;
  std::string blocks;
  for (const Cidr& block : own.pod_cidrs) blocks += " " + block.ToString();
  node_problems_.Note(fmt::format(
      "pods have addresses outside of the podCIDRs{}, {}/{} for one: they keep them until "
      "they are deleted, but other nodes may no longer find them",
      blocks, strays.front().name_space, strays.front().name));
}

// The node as the plan of services sees it.
plan::PlanContext Controller::ContextOf(const plan::NodePlan& nodes) const {
  plan::PlanContext context{.node_name = options_.node_name, .zone = ""};
  context.has_guests = options_.has_guests();
  context.node_addresses = host_->network().addresses;
  plan::NodeAddresses own;
  if (nodes.own.has_value()) {
    context.zone = nodes.own->zone;
    own = nodes.own->addresses;
  }
  context.node_port_addresses =
      plan::ResolveNodePortAddresses(options_.node_port_addresses, own, context.node_addresses);
  context.algorithm = options_.service_algorithm;
  context.maglev_size = options_.maglev_table_size;
  context.direct_return = options_.routing.direct_return;
  return context;
}

// What fits through the narrowest uplink, with so much around it.
uint32_t Controller::MtuWithin(uint32_t overhead) const {
  constexpr uint32_t kEthernet = 1500;
  return (uplink_mtu_ != 0 ? uplink_mtu_ : kEthernet) - overhead;
}

uint32_t Controller::TunnelMtu(const plan::NodePlan& nodes) const {
  return MtuWithin(std::max(plan::TunnelOverhead(options_.routing, nodes),
                            plan::RelayOverhead(options_.routing, nodes)));
}

// In a tunnel if there may be one for pods; what is relayed is nobody's own.
uint32_t Controller::PodMtu(const plan::NodePlan& nodes) const {
  return options_.mtu != 0 ? options_.mtu
                           : MtuWithin(plan::TunnelOverhead(options_.routing, nodes));
}

// After the tables: they answer what is too big from now on, so no packet is
// lost unseen while the devices are changed.
void Controller::FollowMtu() {
  if (options_.mtu == 0 && uplink_mtu_ == 0) return;  // an uplink that is down is not narrow
  const absl::StatusOr<std::vector<std::string>> unseen = pods_->FollowMtu();
  node_problems_.Note(unseen.status(), "change the MTU of pods");
  if (!unseen.ok()) return;
  for (const std::string& pod : *unseen) {
    node_problems_.Note(fmt::format(
        "pod {} keeps its MTU: its network namespace is not in sight of this process", pod));
  }
}

void Controller::InstallCniFiles() {
  cni_problems_.Begin();
  cni_problems_.Note(
      options_.has_guests() ? UninstallCni(options_.state_dir) : InstallCni(options_),
      "install the CNI plugin");
  cni_installed_ = !cni_problems_.failed();
}

}  // namespace fairlead
