// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/controller.h"

#include <fmt/format.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sstream>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/daemon/names_file.h"
#include "loader/netlink/routes.h"
#include "loader/netlink/sysctls.h"
#include "loader/plan/node_plan.h"
#include "loader/plan/route_plan.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

constexpr uint32_t kLastResort = 0xffffffff;  // metric of the unreachable routes

void Log(const absl::Status& status, const char* what) {
  if (!status.ok()) LogError("{}: {}", what, std::string(status.message()));
}

absl::StatusOr<UniqueFd> MakeSignalFd() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  if (sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return ErrnoStatus(errno, "block signals");
  UniqueFd fd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.ok()) return ErrnoStatus(errno, "create a signalfd");
  return fd;
}

absl::StatusOr<UniqueFd> MakeTicker() {
  UniqueFd fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  const itimerspec second{.it_interval = {1, 0}, .it_value = {1, 0}};
  if (!fd.ok() || timerfd_settime(fd.get(), 0, &second, nullptr) != 0) {
    return ErrnoStatus(errno, "create a timer");
  }
  return fd;
}

bool LeadsToPod(const Route& route) {
  return route.link_index >= FL_POD_IFINDEX_BASE &&
         route.link_index < FL_POD_IFINDEX_BASE + FL_MAX_PODS;
}

// The kernel reads an unreachable IPv6 route back with the loopback device, and
// one without a metric with its default one.
bool IsThere(const std::vector<Route>& actual, const Route& wanted) {
  return std::ranges::any_of(actual, [&](const Route& route) {
    return route.destination == wanted.destination && route.kind == wanted.kind &&
           route.gateway == wanted.gateway && route.source == wanted.source &&
           (wanted.kind == RouteKind::kUnreachable || route.link_index == wanted.link_index);
  });
}

Route ToRoute(const plan::PlannedRoute& planned) {
  Route route;
  route.destination = planned.destination;
  route.gateway = planned.gateway;
  route.link_index = planned.link;
  route.source = planned.source;
  if (!planned.gateway.has_value()) {
    route.kind = RouteKind::kUnreachable;
    route.metric = kLastResort;
  }
  return route;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Controller>> Controller::Create(const Options& options) {
  auto controller = std::unique_ptr<Controller>(new Controller(options));
  FL_RETURN_IF_ERROR(controller->Start());
  return controller;
}

absl::Status Controller::Start() {
  FL_RETURN_IF_ERROR(MakePrivateDirectory(options_.state_dir));
  FL_RETURN_IF_ERROR(MakePrivateDirectory(options_.run_dir));
  FL_ASSIGN_OR_RETURN(loop_, EventLoop::Create());
  FL_ASSIGN_OR_RETURN(signals_, MakeSignalFd());
  FL_ASSIGN_OR_RETURN(timer_, MakeTicker());
  FL_ASSIGN_OR_RETURN(netlink_, NetlinkSocket::Open());
  FL_ASSIGN_OR_RETURN(monitor_, NetworkMonitor::Open(FL_POD_IFINDEX_BASE, FL_MAX_PODS));
  FL_ASSIGN_OR_RETURN(sysctls_, SysctlJournal::Open(options_.state_dir + "/sysctls.json"));
  FL_ASSIGN_OR_RETURN(manifests_, kube::ManifestSource::Open(options_.manifests));
  FL_RETURN_IF_ERROR(manifests_->LoadAll(store_));
  FL_ASSIGN_OR_RETURN(dataplane_, Dataplane::Create(options_));
  FL_ASSIGN_OR_RETURN(pods_, PodAttacher::Create(options_.state_dir, *dataplane_));
  FL_ASSIGN_OR_RETURN(const RestoreReport restored, pods_->Restore());
  for (const std::string& device : restored.unknown_devices) {
    LogWarn("device={} looks like a pod's, but no pod of ours is behind it: left alone", device);
  }
  FL_RETURN_IF_ERROR(ApplyAll());
  FL_RETURN_IF_ERROR(dataplane_->KeepPods(pods_->pods()));
  FL_RETURN_IF_ERROR(dataplane_->FinishTakeover());
  FL_ASSIGN_OR_RETURN(cni_, CniServer::Create(options_.cni_socket(), *pods_));
  LogInfo("node={} ready: services={} pods={} peers={}", options_.node_name,
          services_.services.size(), pods_->pods().size(), dataplane_->node_slots().size());
  return WatchAll();
}

absl::Status Controller::WatchAll() {
  FL_RETURN_IF_ERROR(loop_.Watch(manifests_->fd(), [this] { ManifestsChanged(); }));
  FL_RETURN_IF_ERROR(loop_.Watch(monitor_->fd(), [this] { NetworkChanged(); }));
  FL_RETURN_IF_ERROR(loop_.Watch(cni_->fd(), [this] {
    const std::vector<LocalPod> before = pods_->pods();
    cni_->ReadReady();
    if (pods_->pods() != before) WriteNames();
  }));
  FL_RETURN_IF_ERROR(loop_.Watch(timer_.get(), [this] { Tick(); }));
  return loop_.Watch(signals_.get(), [this] {
    LogInfo("asked to stop: the dataplane stays and carries traffic");
    loop_.Stop();
  });
}

absl::Status Controller::Run() { return loop_.Run(); }

void Controller::ManifestsChanged() {
  const kube::ManifestSource::Changes changes = manifests_->ReadChanges(store_);
  if (!changes.objects) return;
  const kube::ObjectChanges objects = store_.TakeChanges();
  if (!objects.nodes.empty()) {
    Log(ApplyAll(), "apply nodes");
  } else if (!objects.affected_services.empty()) {
    Log(ApplyServices(), "apply services");
    WriteNames();
  }
}

void Controller::NetworkChanged() {
  const absl::StatusOr<NetworkChanges> changes = monitor_->Drain();
  if (!changes.ok()) {
    Log(changes.status(), "read netlink events");
    return;
  }
  if (changes->any()) Log(ApplyNodes(), "apply the host's network");
}

void Controller::Tick() {
  uint64_t ticks = 0;
  if (read(timer_.get(), &ticks, sizeof(ticks)) < 0) return;
  Log(dataplane_->SweepFlows(), "sweep flows");
}

absl::Status Controller::ApplyAll() {
  FL_RETURN_IF_ERROR(ApplyNodes());
  Log(ApplyServices(), "apply services");
  WriteNames();
  return absl::OkStatus();
}

absl::Status Controller::ApplyServices() {
  services_ = plan::MakeServicePlan(store_.services(), store_.endpoint_slices(), context_);
  Report(services_.problems);
  return dataplane_->ApplyServices(services_);
}

absl::Status Controller::ApplyNodes() {
  apply::NodeFacts facts;
  facts.plan = plan::MakeNodePlan(store_.nodes(), options_.node_name);
  Report(facts.plan.problems);
  FL_ASSIGN_OR_RETURN(HostNetwork host, LookAtHost(*netlink_, options_.devices, facts.plan.own));
  if (host.uplink_names != host_.uplink_names) {
    LogInfo("uplinks={} mtu={}", fmt::join(host.uplink_names, ","), host.mtu);
  }
  host_ = std::move(host);
  context_ = {options_.node_name, ""};
  if (facts.plan.own.has_value()) {
    context_.zone = facts.plan.own->zone;
    FL_RETURN_IF_ERROR(pods_->SetNode(facts.plan.own->pod_cidrs, host_.mtu));
  } else {
    LogWarn("node={} has no Node object: it takes no pods", options_.node_name);
    FL_RETURN_IF_ERROR(pods_->SetNode({}, host_.mtu));
  }
  facts.local_addresses = host_.addresses;
  facts.uplinks = host_.uplinks;
  FL_RETURN_IF_ERROR(ApplySysctls());
  FL_RETURN_IF_ERROR(dataplane_->ApplyNodes(facts));
  return ApplyRoutes(facts.plan);
}

absl::Status Controller::ApplyRoutes(const plan::NodePlan& nodes) {
  std::vector<Route> desired;
  for (const plan::PlannedRoute& planned : plan::MakeRoutePlan(
           nodes, [this](const IpAddress& address) { return host_.LinkTo(address); })) {
    desired.push_back(ToRoute(planned));
  }
  FL_ASSIGN_OR_RETURN(const std::vector<Route> actual,
                      ListRoutes(*netlink_, {.protocol = kRouteProtocol}));
  for (const Route& route : desired) {
    if (!IsThere(actual, route)) FL_RETURN_IF_ERROR(ReplaceRoute(*netlink_, route));
  }
  for (const Route& route : actual) {
    if (!LeadsToPod(route) &&
        std::ranges::find(desired, route.destination, &Route::destination) == desired.end()) {
      FL_RETURN_IF_ERROR(DeleteRoute(*netlink_, route));
    }
  }
  return absl::OkStatus();
}

absl::Status Controller::ApplySysctls() {
  FL_RETURN_IF_ERROR(sysctls_->Set("net.ipv4.ip_forward", "1"));
  // A forwarding host stops to listen to router advertisements unless told not to.
  for (const std::string& device : host_.uplink_names) {
    Log(sysctls_->Set(DeviceSysctl(Family::kIpv6, device, "accept_ra"), "2"), "keep IPv6 routes");
  }
  return sysctls_->Set("net.ipv6.conf.all.forwarding", "1");
}

void Controller::Report(const std::vector<plan::PlanProblem>& problems) {
  for (const plan::PlanProblem& problem : problems) {
    std::ostringstream text;
    text << problem;
    if (reported_.insert(text.str()).second) LogWarn("{}", text.str());
  }
}

void Controller::WriteNames() {
  Log(WriteNamesFile(options_.state_dir + "/names.json", services_, pods_->pods(),
                     dataplane_->node_slots()),
      "write names for people");
}

}  // namespace fairlead
