// SPDX-License-Identifier: Apache-2.0
//
// ProxyHealth: does the service proxy do what it has been told, and may this
// node be given traffic? The two questions of /healthz; /livez and the
// healthCheckNodePorts ask the first alone. Answers as kube-proxy 1.36 does.
#ifndef FAIRLEAD_LOADER_DAEMON_PROXY_HEALTH_H_
#define FAIRLEAD_LOADER_DAEMON_PROXY_HEALTH_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "loader/http/servers.h"
#include "loader/kube/node.h"

namespace fairlead {

// A change that is not applied for longer: twice kube-proxy's syncPeriod.
inline constexpr std::chrono::seconds kLateAfter{60};

// What the autoscaler writes on a node that it is about to delete.
inline constexpr char kToBeDeletedTaint[] = "ToBeDeletedByClusterAutoscaler";

class ProxyHealth {
 public:
  // Two clocks: one to tell, one that nobody sets.
  struct Instant {
    std::chrono::system_clock::time_point wall;
    std::chrono::steady_clock::time_point steady;

    static Instant Now() {
      return {std::chrono::system_clock::now(), std::chrono::steady_clock::now()};
    }
  };

  // The state has changed; the tables do not say so yet.
  void Queued(const Instant& now) {
    if (!pending_.has_value()) pending_ = now;
  }
  // The tables say what the state is.
  void Updated(const Instant& now) {
    pending_.reset();
    updated_ = now;
  }
  // Not eligible: the Node object is absent, is being deleted, or will be.
  void SetNode(const kube::Node* node);

  bool IsHealthy(const Instant& now) const;
  bool is_eligible() const { return eligible_; }

  http::Response Healthz(const Instant& now) const;
  http::Response Livez(const Instant& now) const;

 private:
  std::string Body(const Instant& now, bool good, std::optional<bool> eligible) const;

  // Both families are applied in one go, so they share their fate.
  std::optional<Instant> pending_;
  std::optional<Instant> updated_;
  bool eligible_ = true;  // until the first look at the Node
};

// What a healthCheckNodePort answers, on every path.
http::Response AnswerHealthCheck(const kube::ObjectName& service, size_t local_ready,
                                 bool proxy_is_healthy);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_PROXY_HEALTH_H_
