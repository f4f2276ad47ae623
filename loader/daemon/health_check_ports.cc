// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/health_check_ports.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fairlead {

void HealthCheckPorts::Follow(std::vector<plan::HealthCheck> checks,
                              std::vector<IpAddress> addresses) {
  const bool same = checks == checks_ && addresses == addresses_;
  checks_ = std::move(checks);
  addresses_ = std::move(addresses);
  if (!same) Open();
}

// Two Services with one port: who has it keeps it, as long as it wants it.
std::map<Endpoint, kube::ObjectName> HealthCheckPorts::Wanted() {
  std::map<Endpoint, kube::ObjectName> wanted;
  for (const plan::HealthCheck& check : checks_) {
    for (const IpAddress& address : addresses_) {
      if (!check.LocalReady(address.family()).has_value()) continue;
      const Endpoint where{address, check.port};
      const auto [taken, is_new] = wanted.try_emplace(where, check.service);
      if (is_new) continue;
      const auto port = ports_.find(where);
      kube::ObjectName loser = check.service;
      if (port != ports_.end() && port->second.service == loser) std::swap(loser, taken->second);
      problems_.Note(fmt::format("Service {}: healthCheckNodePort {} on {} is Service {}'s",
                                 loser.ToString(), check.port, address.ToString(),
                                 taken->second.ToString()));
      failures_.push_back(
          {loser, check.port, fmt::format("it is Service {}'s", taken->second.ToString())});
    }
  }
  return wanted;
}

void HealthCheckPorts::Open() {
  problems_.Begin();
  failures_.clear();
  const std::map<Endpoint, kube::ObjectName> wanted = Wanted();
  // First: a port may go from one Service to another, or from all addresses to one.
  std::erase_if(ports_, [&wanted](const auto& port) { return !wanted.contains(port.first); });
  for (const auto& [where, service] : wanted) {
    Port& port = ports_[where];
    port.service = service;
    if (port.server != nullptr) continue;
    absl::StatusOr<std::unique_ptr<http::Server>> server =
        servers_.Serve(where, http::Families::kOwn,
                       [this, at = where](const http::Request&) { return Answer(at); });
    if (server.ok()) {
      port.server = *std::move(server);
    } else {
      problems_.Note(server.status(),
                     fmt::format("Service {}: healthCheckNodePort", service.ToString()).c_str());
      failures_.push_back({service, where.port, std::string(server.status().message())});
    }
  }
}

http::Response HealthCheckPorts::Answer(const Endpoint& where) const {
  const auto port = ports_.find(where);
  if (port == ports_.end()) return http::NotFound();
  const auto check = std::ranges::find(checks_, port->second.service, &plan::HealthCheck::service);
  if (check == checks_.end()) return http::NotFound();
  return AnswerHealthCheck(check->service, check->LocalReady(where.address.family()).value_or(0),
                           health_.IsHealthy(ProxyHealth::Instant::Now()));
}

}  // namespace fairlead
