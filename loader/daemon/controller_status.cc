// SPDX-License-Identifier: Apache-2.0
//
// Controller's share in what the node tells about itself: metrics, the Node's
// eligibility, healthCheckNodePorts.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/log.h"
#include "loader/daemon/controller.h"
#include "loader/metrics/daemon_metrics.h"

namespace fairlead {

metrics::Families Controller::ReadMetrics() const {
  metrics::DaemonFacts facts{options_.version, options_.has_guests() ? "proxy" : "full", {}};
  facts.problems = {{"node", node_problems_.texts().size()},
                    {"services", service_problems_.texts().size()},
                    {"takeover", takeover_problems_.texts().size()},
                    {"cni", cni_problems_.texts().size()},
                    {"objects", source_->problems().size()},
                    {"http", status_->problems().texts().size() +
                                 status_->health_checks().problems().texts().size()}};
  metrics::Families families = metrics::ReadDaemon(facts);
  for (auto& family : source_->ReadMetrics()) families.push_back(std::move(family));
  absl::StatusOr<metrics::Families> dataplane = dataplane_->ReadMetrics();
  if (!dataplane.ok()) {
    LogError("read metrics: {}", std::string(dataplane.status().message()));
    return families;
  }
  for (auto& family : *dataplane) families.push_back(std::move(family));
  return families;
}

void Controller::FollowNodeStatus() {
  const auto node = store_.nodes().find({"", options_.node_name});
  record_.health().SetNode(node == store_.nodes().end() ? nullptr : node->second.get());
}

void Controller::TellHealthChecks() {
  plan::HealthCheckPlan plan = health_checks_.plan();
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const plan::WithoutLocalEndpoints& without = plan.WithoutLocal(family);
    record_.metrics().SetWithoutLocalEndpoints(family, without.internal, without.external);
  }
  status_->health_checks().Follow(std::move(plan.checks), context_.node_port_addresses);
  // In kube-proxy's words.
  for (const HealthCheckPorts::Failure& failure : status_->health_checks().failures()) {
    source_->Tell({.about = {kube::Kind::kService, failure.service},
                   .warning = true,
                   .reason = "FailedToStartServiceHealthcheck",
                   .action = "Listen",
                   .note = fmt::format("node {} failed to start healthcheck {} on port {}: {}",
                                       options_.node_name, failure.service.ToString(), failure.port,
                                       failure.reason)});
  }
}

}  // namespace fairlead
