// SPDX-License-Identifier: Apache-2.0
//
// --adopt-kube-proxy: a node on which kube-proxy ran goes on without it, and
// without a connection lost. In this order:
//
//   1  its connections through our hooks become flows    before Services are
//   2  our Services are served                           there, so that no
//   3  the flows learn their backends, late ones follow  packet starts anew
//   4  its rules go
//
// Connections of the node's own processes stay with the kernel's translation,
// which goes on without kube-proxy's rules (KeepTranslating). Each step can be
// repeated: what fails is tried again from step 3, ever more seldom.
#ifndef FAIRLEAD_LOADER_DAEMON_KUBE_PROXY_TAKEOVER_H_
#define FAIRLEAD_LOADER_DAEMON_KUBE_PROXY_TAKEOVER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/daemon/dataplane.h"
#include "loader/netfilter/conntrack.h"
#include "loader/plan/live_flows.h"
#include "loader/plan/service_plan.h"

namespace fairlead {

class KubeProxyTakeover {
 public:
  // In the calling thread's network namespace.
  static absl::StatusOr<KubeProxyTakeover> Open();

  // Steps 1 and 3.
  absl::Status AdoptFlows(const plan::ServicePlan& plan, const plan::WhereFlowsRun& here,
                          Dataplane& dataplane);
  // Step 4. What could not be removed because it needs another tool is said in the log.
  absl::Status RemoveRules();

 private:
  explicit KubeProxyTakeover(NetlinkSocket netfilter) : netfilter_(std::move(netfilter)) {}

  NetlinkSocket netfilter_;
  std::vector<TrackedConnection> adopted_;
  bool told_ = false;  // how many connections there are
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_KUBE_PROXY_TAKEOVER_H_
