// SPDX-License-Identifier: Apache-2.0
//
// Controller's beginning, in two steps: all is opened and watched at once, the
// node is taken over when its objects are known.
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <csignal>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/daemon/controller.h"
#include "loader/netlink/sysctls.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

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

}  // namespace

absl::StatusOr<std::unique_ptr<Controller>> Controller::Create(const Options& options) {
  UseProcSys(options.proc_sys);
  auto controller = std::unique_ptr<Controller>(new Controller(options));
  FL_RETURN_IF_ERROR(controller->Start());
  return controller;
}

absl::Status Controller::Start() {
  FL_ASSIGN_OR_RETURN(own_flags_, ReadOwnFlags(options_));
  FL_RETURN_IF_ERROR(MakePrivateDirectory(options_.state_dir));
  FL_RETURN_IF_ERROR(MakePrivateDirectory(options_.run_dir));
  known_node_.emplace(options_.state_dir, options_.node_name);
  FL_ASSIGN_OR_RETURN(loop_, EventLoop::Create());
  FL_ASSIGN_OR_RETURN(signals_, MakeSignalFd());
  FL_ASSIGN_OR_RETURN(timer_, MakeTicker());
  FL_ASSIGN_OR_RETURN(netlink_, NetlinkSocket::Open());
  FL_ASSIGN_OR_RETURN(monitor_, NetworkMonitor::Open(FL_POD_IFINDEX_BASE, FL_MAX_PODS));
  FL_ASSIGN_OR_RETURN(source_, MakeObjectSource(options_, store_));
  if (!options_.non_masquerade_config.empty()) {
    FL_ASSIGN_OR_RETURN(masquerade_file_, MasqueradeFile::Open(options_.non_masquerade_config));
  }
  FL_ASSIGN_OR_RETURN(status_,
                      StatusServer::Create(options_, record_, [this] { return ReadMetrics(); }));
  FL_ASSIGN_OR_RETURN(dataplane_, Dataplane::Create(options_));
  FL_ASSIGN_OR_RETURN(host_, HostKeeper::Create(options_.state_dir, *netlink_, *dataplane_));
  FL_ASSIGN_OR_RETURN(pods_, PodAttacher::Create(options_.state_dir, *dataplane_));
  FL_ASSIGN_OR_RETURN(const RestoreReport restored, pods_->Restore());
  FL_RETURN_IF_ERROR(ReceiveGuests());
  for (const std::string& device : restored.unknown_devices) {
    LogWarn("device={} looks like a pod's, but no pod of ours is behind it: left alone", device);
  }
  if (options_.adopt_kube_proxy) {
    FL_ASSIGN_OR_RETURN(takeover_, KubeProxyTakeover::Open());
  }
  status_->KeepOpen();
  FL_RETURN_IF_ERROR(WatchAll());
  FL_RETURN_IF_ERROR(source_->Start(loop_, [this] { ObjectsChanged(); }));
  if (source_->listed()) return Begin();
  LogInfo("node={} waits for the cluster's objects: {}", options_.node_name, source_->Missing());
  return absl::OkStatus();
}

absl::Status Controller::Begin() {
  begun_ = true;
  complete_ = source_->complete();
  record_.Queued(store_.TakeChanges(), store_, ProxyRecord::Instant::Now());
  ApplyAll();
  FL_RETURN_IF_ERROR(dataplane_->KeepPods(pods_->pods()));
  FL_RETURN_IF_ERROR(dataplane_->FinishTakeover());
  for (const LocalPod& pod : pods_->pods()) host_->KeepPod(pod, node_problems_);
  if (!options_.has_guests()) {
    FL_ASSIGN_OR_RETURN(cni_, CniServer::Create(options_.cni_socket(), *pods_));
    FL_RETURN_IF_ERROR(loop_.Watch(cni_->fd(), [this] {
      cni_->ReadReady();
      FollowHost();
      // In a burst of pods once a second is enough (Tick).
      if (cni_->idle()) WriteNamesOfNewPods();
    }));
  }
  InstallCniFiles();
  status_->KeepOpen();
  LogInfo("node={} ready: services={} pods={} peers={}", options_.node_name,
          planner_.plan().services.size(), pods_->attachments().size(),
          dataplane_->node_slots().size());
  source_->NodeIsReady();
  // What has happened meanwhile waits there.
  FL_RETURN_IF_ERROR(loop_.Watch(monitor_->fd(), [this] { NetworkChanged(); }));
  if (masquerade_file_.has_value()) {
    FL_RETURN_IF_ERROR(loop_.Watch(masquerade_file_->fd(), [this] { MasqueradeFileChanged(); }));
  }
  return absl::OkStatus();
}

absl::Status Controller::WatchAll() {
  FL_RETURN_IF_ERROR(loop_.Watch(status_->fd(), [this] { status_->ReadReady(); }));
  FL_RETURN_IF_ERROR(loop_.Watch(timer_.get(), [this] { Tick(); }));
  return loop_.Watch(signals_.get(), [this] {
    LogInfo("asked to stop: the dataplane stays and carries traffic");
    loop_.Stop();
  });
}

}  // namespace fairlead
