// SPDX-License-Identifier: Apache-2.0
//
// Controller's share in what the node tells about itself: problems, metrics, the
// Node's eligibility, healthCheckNodePorts.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "loader/daemon/controller.h"
#include "loader/metrics/daemon_metrics.h"

namespace fairlead {

Problems Controller::AllProblems() const {
  const auto of = [](const ProblemLog& log) {
    return std::vector<std::string>(log.texts().begin(), log.texts().end());
  };
  Problems problems = {{"node", of(node_problems_)},         {"services", of(service_problems_)},
                       {"takeover", of(takeover_problems_)}, {"cni", of(cni_problems_)},
                       {"objects", source_->problems()},     {"files", of(file_problems_)},
                       {"http", of(status_->problems())}};
  std::ranges::copy(status_->health_checks().problems().texts(),
                    std::back_inserter(problems["http"]));
  return problems;
}

void Controller::WriteHostFile() {
  told_problems_ = AllProblems();
  file_problems_.Begin();
  file_problems_.Note(host_->WriteFile(told_problems_), "write the host's state");
}

metrics::Families Controller::ReadMetrics() const {
  metrics::DaemonFacts facts{options_.version, options_.has_guests() ? "proxy" : "full", {}};
  for (const auto& [about, texts] : AllProblems()) facts.problems[about] = texts.size();
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
