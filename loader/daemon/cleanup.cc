// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/cleanup.h"

#include <filesystem>

#include "base/durable_file.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/attach/hook_links.h"
#include "loader/attach/socket_hooks.h"
#include "loader/daemon/bpf_filesystem.h"
#include "loader/daemon/cni_install.h"
#include "loader/daemon/other_layouts.h"
#include "loader/daemon/reassembly_room.h"
#include "loader/daemon/tunnel_device.h"
#include "loader/netfilter/kube_proxy_rules.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/netlink/routes.h"
#include "loader/netlink/sysctl_journal.h"
#include "loader/netlink/sysctls.h"
#include "loader/pods/deferred_deletes.h"
#include "loader/pods/pod_attacher.h"

namespace fairlead {
namespace {

// Pods are being removed with everything they were attached to.
class NoDataplane : public PodDataplane {
 public:
  absl::Status AddPod(const LocalPod&) override { return absl::OkStatus(); }
  absl::Status RemovePod(const LocalPod&) override { return absl::OkStatus(); }
  absl::Status CheckPod(const LocalPod&) override { return absl::OkStatus(); }
  absl::Status CheckNode() override { return absl::OkStatus(); }
  absl::Status SetMtu(const LocalPod&) override { return absl::OkStatus(); }
  void ForgetDevice(const LocalPod&) override {}
};

absl::Status DetachAll(const Options& options) {
  FL_ASSIGN_OR_RETURN(const auto hooks, attach::ListHooks(options.links_dir()));
  for (const attach::HookOnDevice& where : hooks) {
    FL_RETURN_IF_ERROR(attach::Detach(options.links_dir(), where));
  }
  return absl::OkStatus();
}

absl::Status RemovePods(const Options& options) {
  NoDataplane none;
  FL_ASSIGN_OR_RETURN(const auto pods, PodAttacher::Create(options.state_dir, none));
  FL_RETURN_IF_ERROR(pods->Restore().status());
  return pods->RemoveAll();
}

absl::Status RemoveRoom(const Options& options) {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  return RemoveReassemblyRoom(netlink, options.links_dir());
}

absl::Status RemoveRoutes() {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  FL_ASSIGN_OR_RETURN(const auto routes, ListRoutes(netlink, {.protocol = kRouteProtocol}));
  for (const Route& route : routes) FL_RETURN_IF_ERROR(DeleteRoute(netlink, route));
  return absl::OkStatus();
}

absl::Status RemoveTunnel() {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  return RemoveTunnelDevice(netlink);
}

// What --adopt-kube-proxy may have left. A kernel without nftables has none of it.
void RemoveKeeper() {
  absl::StatusOr<Nftables> nftables = Nftables::Open();
  if (nftables.ok()) LogDebug("nftables: {}", StopTranslating(*nftables).ToString());
}

absl::Status RestoreSysctls(const Options& options) {
  FL_ASSIGN_OR_RETURN(SysctlJournal journal,
                      SysctlJournal::Open(options.state_dir + "/sysctls.json"));
  return journal.RestoreAll();
}

// Only files of ours, and the directory if nothing else is in it.
void RemoveState(const std::string& directory, std::initializer_list<const char*> files) {
  std::error_code ignored;
  for (const char* file : files) std::filesystem::remove(directory + "/" + file, ignored);
  std::filesystem::remove(directory, ignored);
}

}  // namespace

absl::Status CleanUp(const Options& options) {
  UseProcSys(options.proc_sys);
  absl::Status first;
  const auto note = [&first](const absl::Status& status, const char* what) {
    if (status.ok()) return;
    LogError("{}: {}", what, std::string(status.message()));
    if (first.ok()) first = status;
  };
  note(MakePrivateDirectory(options.state_dir), "open the state directory");
  note(DetachAll(options), "detach hooks");
  note(attach::DetachSocketHooks(options.socket_links_dir()), "detach from sockets");
  note(RemoveOtherLayouts(options.bpffs), "remove what another version has left");
  note(RemovePods(options), "remove pods' interfaces");
  note(UninstallCni(options.state_dir), "remove the CNI plugin");
  note(RemoveRoom(options), "remove the reassembly room");
  note(RemoveRoutes(), "remove routes");
  note(RemoveTunnel(), "remove the tunnel device");
  RemoveKeeper();
  note(RestoreSysctls(options), "put sysctls back");
  note(RemoveBpfDirectory(options.bpffs), "remove pins");
  // What could not be undone is still needed by the next try.
  if (!first.ok()) return first;
  RemoveState(
      options.state_dir,
      {"pods.json", "pods.journal", "sysctls.json", "names.json", "host.json", "node.json",
       "pods.json.new", "pods.journal.new", "sysctls.json.new", "names.json.new", "host.json.new",
       "node.json.new", "cni-install.json.new", "api-servers.json", "api-servers.json.new"});
  std::error_code ignored;
  std::filesystem::remove_all(DeferredDeletesDirectory(options.cni_socket()), ignored);
  RemoveState(options.run_dir, {"cni.sock"});
  return absl::OkStatus();
}

}  // namespace fairlead
