// SPDX-License-Identifier: Apache-2.0
//
// HealthCheckPorts: an HTTP listener for each healthCheckNodePort of this node,
// on each address that node ports have. Opened, moved and closed as the plan
// says; one that cannot be opened is a problem of its Service, and tried again.
#ifndef FAIRLEAD_LOADER_DAEMON_HEALTH_CHECK_PORTS_H_
#define FAIRLEAD_LOADER_DAEMON_HEALTH_CHECK_PORTS_H_

#include <map>
#include <memory>
#include <vector>

#include "loader/daemon/problem_log.h"
#include "loader/daemon/proxy_health.h"
#include "loader/http/servers.h"
#include "loader/plan/health_check_plan.h"

namespace fairlead {

class HealthCheckPorts {
 public:
  // Both outlive it.
  HealthCheckPorts(http::Servers& servers, const ProxyHealth& health)
      : servers_(servers), health_(health) {}

  // An address of `addresses` may be 0.0.0.0 or ::, for all of its family.
  void Follow(std::vector<plan::HealthCheck> checks, std::vector<IpAddress> addresses);
  // Opens what could not be opened before.
  void Retry() {
    if (problems_.failed()) Open();
  }
  const ProblemLog& problems() const { return problems_; }

  struct Failure {
    kube::ObjectName service;
    uint16_t port = 0;
    std::string reason;
  };
  // Of the last time that ports were opened.
  const std::vector<Failure>& failures() const { return failures_; }

 private:
  struct Port {
    kube::ObjectName service;
    std::unique_ptr<http::Server> server;
  };
  void Open();
  std::map<Endpoint, kube::ObjectName> Wanted();
  http::Response Answer(const Endpoint& where) const;

  http::Servers& servers_;
  const ProxyHealth& health_;
  std::vector<plan::HealthCheck> checks_;
  std::vector<IpAddress> addresses_;
  std::map<Endpoint, Port> ports_;
  ProblemLog problems_;
  std::vector<Failure> failures_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_HEALTH_CHECK_PORTS_H_
