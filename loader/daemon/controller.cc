// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/daemon/host_setup.h"
#include "loader/daemon/masquerade_rules.h"
#include "loader/daemon/route_fingerprint.h"
#include "loader/daemon/tunnel_device.h"
#include "loader/plan/node_plan.h"

namespace fairlead {
namespace {

void Log(const absl::Status& status, const char* what) {
  if (!status.ok()) LogError("{}: {}", what, std::string(status.message()));
}

}  // namespace

absl::Status Controller::Run() {
  FL_RETURN_IF_ERROR(loop_.Run());
  return failure_;
}

void Controller::ObjectsChanged() {
  if (!begun_) {
    failure_ = Begin();
    if (!failure_.ok()) loop_.Stop();
    return;
  }
  const bool proved = std::exchange(complete_, source_->complete());
  const kube::ObjectChanges objects = store_.TakeChanges();
  record_.Queued(objects, store_, ProxyRecord::Instant::Now());
  if (!objects.nodes.empty() || proved != complete_) {
    ApplyAll();
  } else {
    ServicesChanged(objects);
  }
}

void Controller::NetworkChanged() {
  const absl::StatusOr<NetworkChanges> changes = monitor_->Drain();
  if (!changes.ok()) {
    Log(changes.status(), "read netlink events");
    return;
  }
  // First: ApplyNodes would put hooks back without a word.
  host_->KeepWhatChanged(*changes, *pods_, node_problems_);
  if (changes->any()) {
    ApplyNodes();
    FollowHost();
  }
  NotePodsGone(*changes);
  WriteHostFile();
}

void Controller::MasqueradeFileChanged() {
  if (!masquerade_file_->ReadChanges()) return;
  if (masquerade_file_->problem().empty()) {
    LogInfo("{} read: blocks={}", options_.non_masquerade_config,
            masquerade_file_->config().non_masquerade_cidrs.size());
  }
  ApplyNodes();
}

void Controller::NameRefusedPods() {
  refusals_.Look(dataplane_->snat_refused());
  if (refusals_.has_unsaid()) refusals_.Say(pods_->pods(), RefusalLog::Clock::now());
}

void Controller::Tick() {
  uint64_t ticks = 0;
  if (read(timer_.get(), &ticks, sizeof(ticks)) < 0) return;
  Log(dataplane_->SweepFlows(), "sweep flows");
  status_->KeepOpen();
  if (!begun_) return;
  NameRefusedPods();
  ReleasePods();
  FollowHost();
  WriteNamesLeft();
  if (!cni_installed_) InstallCniFiles();
  FollowSockets();
  Log(checksum_probe_.Tick(), "verify the tunnel's checksums");
  if (node_problems_.failed()) ApplyNodes();
  if (service_problems_.failed()) ApplyServices();
  EndTakeover();
  if (host_->KeepSlowly(*pods_, node_problems_)) ApplyNodes();
  if (AllProblems() != told_problems_) WriteHostFile();
}

void Controller::ApplyAll() {
  ApplyNodes();
  ApplyServices();
  NamesChanged();
}

void Controller::ApplyNodes() {
  node_problems_.Begin();
  apply::NodeFacts facts;
  facts.plan = plan::MakeNodePlan(store_.nodes(), options_.node_name, own_flags_);
  if (options_.has_guests()) facts.plan = plan::WithoutPods(std::move(facts.plan));
  node_problems_.Note(known_node_->Follow(store_.nodes(), facts.plan), "remember this Node");
  const absl::Status status = host_->Look(
      {.devices = options_.devices, .own = facts.plan.own, .has_guests = options_.has_guests()});
  if (!status.ok()) {
    node_problems_.Note(status, "look at the host's network");
    return;
  }
  const HostNetwork& host = host_->network();
  for (const std::string& problem : host.problems) node_problems_.Note(problem);
  if (!host.uplinks.empty()) {
    uplink_mtu_ = host.mtu;
  } else {
    node_problems_.Note(options_.has_guests()
                            ? "no uplink: Services are not served to the outside; see --devices"
                            : "no uplink: pods reach this node only; see --devices");
  }
  facts.link_to = [&host](const IpAddress& address) { return host.LinkTo(address); };
  plan::PlanReach(options_.routing, facts.link_to, facts.plan);
  node_problems_.Note(facts.plan.problems);
  NoteStrayAddresses(facts.plan);
  node_problems_.Note(pods_->KeepSaved(), "save pods");
  TakePods(facts.plan);
  FollowNodeStatus();
  host_->KeepHost(node_problems_);
  facts.local_addresses = host.addresses;
  facts.uplinks = host.uplinks;
  facts.masquerade = MakeMasqueradeRules(
      options_, masquerade_file_.has_value() ? &*masquerade_file_ : nullptr, node_problems_);
  facts.routes = FingerprintRoutes(*netlink_, node_problems_);
  facts.pod_mtu = PodMtu(facts.plan);
  facts.tunnel_overhead = plan::TunnelOverhead(options_.routing, facts.plan);
  facts.relay_overhead = plan::RelayOverhead(options_.routing, facts.plan);
  facts.tunnel_ifindex = MakeTunnelDevice(facts.plan);
  node_problems_.Note(dataplane_->ApplyNodes(facts, unasked(), GuestDevices()), "apply nodes");
  if (!dataplane_->room_problem().empty()) node_problems_.Note(dataplane_->room_problem());
  if (facts.tunnel_ifindex != 0) {
    node_problems_.Note(RaiseTunnelDevice(*netlink_, options_.routing), "raise the tunnel device");
  } else if (!options_.routing.needs_tunnel_device() && unasked() == apply::Unasked::kDelete) {
    node_problems_.Note(RemoveTunnelDevice(*netlink_), "remove the tunnel device");
  }
  FollowTunnel(facts.plan, facts.tunnel_ifindex);
  FollowMtu();
  SetUpRoutes(*netlink_, facts.plan, host, facts.tunnel_ifindex, unasked(), node_problems_);
  node_problems_.Note(peer_neighbours_.Follow(*netlink_, facts.plan), "resolve peers anew");
  WriteHostFile();
}

// An address of the Node that no device has: others send there, and nobody answers.
void Controller::NoteStrayAddresses(const plan::NodePlan& nodes) {
  if (!nodes.own.has_value()) return;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const std::optional<IpAddress>& address = nodes.own->addresses.Of(family);
    const std::vector<IpAddress>& present = host_->network().addresses;
    if (address.has_value() && std::ranges::find(present, *address) == present.end()) {
      node_problems_.Note(fmt::format("Node {}: its address {} is on no interface of this node",
                                      options_.node_name, address->ToString()));
    }
  }
}

// Its index; 0 if there is none, or it could not be made.
uint32_t Controller::MakeTunnelDevice(const plan::NodePlan& nodes) {
  if (!options_.routing.needs_tunnel_device()) return 0;
  const absl::StatusOr<uint32_t> ifindex =
      EnsureTunnelDevice(*netlink_, options_.routing, TunnelMtu(nodes));
  node_problems_.Note(ifindex.status(), "make the tunnel device");
  return ifindex.value_or(0);
}

// Whom to ask whether what leaves by the tunnel arrives right.
void Controller::FollowTunnel(const plan::NodePlan& nodes, uint32_t ifindex) {
  std::vector<IpAddress> peers;
  const bool can_ask = nodes.own.has_value() && nodes.own->addresses.ip4.has_value();
  for (const plan::PeerNode& peer : nodes.peers) {
    const bool by_tunnel = peer.tunnel.has_value() || peer.relay.has_value();
    if (can_ask && by_tunnel && peer.ip4.has_value()) peers.push_back(*peer.ip4);
  }
  checksum_probe_.Follow(ifindex, can_ask ? *nodes.own->addresses.ip4 : IpAddress(),
                         std::move(peers));
}

// Tells the CNI side what this node has to give.
void Controller::TakePods(const plan::NodePlan& nodes) {
  context_ = ContextOf(nodes);
  if (options_.has_guests()) {
    NoteStrangeNode(nodes);
    return;
  }
  if (!nodes.KnowsOwn()) {
    node_problems_.Note(fmt::format(
        "node {} has no Node object, and no --pod-cidrs: it takes no pods", options_.node_name));
    // An earlier run may have known it; its pods live on.
    node_problems_.Note(pods_->SetNode({}, PodMtu(nodes)), "stop taking pods");
    return;
  }
  node_problems_.Note(pods_->SetNode(nodes.own->pod_cidrs, PodMtu(nodes)), "take pods");
  NoteStrayPods(*nodes.own);
}

}  // namespace fairlead
