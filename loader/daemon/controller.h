// SPDX-License-Identifier: Apache-2.0
//
// Controller: watch → plan → apply, on one thread.
//
//   API server, manifests ──▶ ObjectStore ──▶ plan (pure) ──▶ Dataplane, routes
//   netlink ──▶ HostNetwork ─────────────────────┘                ▲
//   CNI calls ──▶ PodAttacher ────────────────────────────────────┘
//
// Nothing is programmed, and no pod is attached, before the objects have been
// listed once: a restart must not look like a cluster without Services. Until
// then the tables of the run before go on forwarding.
#ifndef FAIRLEAD_LOADER_DAEMON_CONTROLLER_H_
#define FAIRLEAD_LOADER_DAEMON_CONTROLLER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/daemon/checksum_probe.h"
#include "loader/daemon/dataplane.h"
#include "loader/daemon/event_loop.h"
#include "loader/daemon/host_keeper.h"
#include "loader/daemon/known_node.h"
#include "loader/daemon/kube_proxy_takeover.h"
#include "loader/daemon/masquerade_file.h"
#include "loader/daemon/object_source.h"
#include "loader/daemon/options.h"
#include "loader/daemon/peer_neighbours.h"
#include "loader/daemon/problem_log.h"
#include "loader/daemon/proxy_record.h"
#include "loader/daemon/refusal_log.h"
#include "loader/daemon/retry_delay.h"
#include "loader/daemon/status_server.h"
#include "loader/kube/object_store.h"
#include "loader/netlink/monitor.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/plan/health_check_plan.h"
#include "loader/plan/service_planner.h"
#include "loader/pods/cni_server.h"
#include "loader/pods/pod_attacher.h"

namespace fairlead {

class Controller {
 public:
  // Gets all ready to take the node over, which happens as soon as the objects
  // are known; with manifests at once. The claim on the node is the caller's
  // business.
  static absl::StatusOr<std::unique_ptr<Controller>> Create(const Options& options);

  // Until SIGTERM or SIGINT. The dataplane stays.
  absl::Status Run();

 private:
  explicit Controller(const Options& options) : options_(options) {}

  absl::Status Start();
  absl::Status WatchAll();
  void ObjectsChanged();
  absl::Status Begin();  // the objects are known
  void NetworkChanged();
  void MasqueradeFileChanged();
  void Tick();

  // Steps that fail are noted, logged once, and tried again with the next tick;
  // they keep no other step from being done.
  void ApplyAll();
  void ApplyServices();
  void ServicesChanged(const kube::ObjectChanges& changes);
  void ApplyOnly(const kube::ObjectChanges::Names& services);
  void ServicesApplied(const plan::ServicePlanner::Difference& difference,
                       const ProxyRecord::Instant& began);
  plan::PlanContext ContextOf(const plan::NodePlan& nodes) const;
  plan::ServicePlan PlanHostPorts();
  void FollowHost();  // services, where pods or addresses of this node have changed them
  absl::Status AdoptFlows();
  void BeginTakeover(const plan::ServicePlanner::Difference& difference);
  void EndTakeover();
  void ApplyNodes();
  void NoteStrayAddresses(const plan::NodePlan& nodes);
  void TakePods(const plan::NodePlan& nodes);
  absl::Status ReceiveGuests();
  std::set<uint32_t> GuestDevices() const;
  void NoteStrangeNode(const plan::NodePlan& nodes);
  Problems AllProblems() const;
  void WriteHostFile();
  void NameRefusedPods();
  void NotePodsGone(const NetworkChanges& changes);
  void ReleasePods();  // whose interface went without a DEL
  void NoteStrayPods(const plan::OwnNode& own);
  void InstallCniFiles();
  void FollowMtu();
  uint32_t MtuWithin(uint32_t overhead) const;
  uint32_t TunnelMtu(const plan::NodePlan& nodes) const;
  uint32_t PodMtu(const plan::NodePlan& nodes) const;
  uint32_t MakeTunnelDevice(const plan::NodePlan& nodes);
  void FollowTunnel(const plan::NodePlan& nodes, uint32_t ifindex);
  void NamesChanged();
  void WriteNamesOfNewPods();
  void WriteNamesLeft();
  void WriteNames();
  apply::Unasked unasked() const;
  metrics::Families ReadMetrics() const;
  void FollowNodeStatus();
  void TellHealthChecks();
  void FollowSockets();

  Options options_;
  plan::OwnFlags own_flags_;
  EventLoop loop_;
  kube::ObjectStore store_;
  std::unique_ptr<ObjectSource> source_;
  std::optional<KnownNode> known_node_;
  std::optional<NetlinkSocket> netlink_;
  std::optional<NetworkMonitor> monitor_;
  std::unique_ptr<Dataplane> dataplane_;
  std::unique_ptr<PodAttacher> pods_;
  std::unique_ptr<CniServer> cni_;                 // none: pods are another network's
  std::optional<MasqueradeFile> masquerade_file_;  // none: no --non-masquerade-config
  std::optional<KubeProxyTakeover> takeover_;      // none: nothing to take over, or done
  RetryDelay takeover_delay_;
  bool has_late_flows_ = false;  // of the takeover: all Services were served when it looked
  RefusalLog refusals_;
  UniqueFd signals_;
  UniqueFd timer_;
  std::unique_ptr<HostKeeper> host_;
  PeerNeighbours peer_neighbours_;
  ChecksumProbe checksum_probe_;
  plan::ServicePlanner planner_;
  plan::HealthCheckPlanner health_checks_;
  plan::PlanContext context_;
  ProxyRecord record_{ProxyRecord::Instant::Now()};
  std::unique_ptr<StatusServer> status_;
  int socket_looks_ = 0;  // still to be made at the node's connected UDP sockets
  // What services have last been planned from.
  plan::PlanContext planned_context_;
  uint64_t planned_changes_ = 0;  // PodAttacher::changes()
  ProblemLog node_problems_;
  ProblemLog service_problems_;
  ProblemLog takeover_problems_;
  ProblemLog cni_problems_;
  ProblemLog file_problems_;
  Problems told_problems_;  // as host.json has them, or was to have them
  bool cni_installed_ = false;
  uint32_t uplink_mtu_ = 0;       // of the narrowest uplink when there was one last; 0: never
  uint64_t named_changes_ = 0;    // PodAttacher::changes() that names.json says
  bool names_are_old_ = false;    // names.json is to be written
  bool names_are_fresh_ = false;  // it has been, since the last tick
  bool begun_ = false;            // the tables say what is known
  bool complete_ = false;         // as the source has said: what is not known is not there
  absl::Status failure_;          // why the loop has been stopped
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_CONTROLLER_H_
