// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/status_server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/metrics/daemon_metrics.h"

namespace fairlead {
namespace {

constexpr char kNotForMachines[] =
    "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility "
    "guarantees and is for debugging purposes only.\n\n";

}  // namespace

absl::StatusOr<std::unique_ptr<StatusServer>> StatusServer::Create(const Options& options,
                                                                   ProxyRecord& record,
                                                                   ReadMetrics read_metrics) {
  FL_ASSIGN_OR_RETURN(auto servers, http::Servers::Create());
  auto server = std::unique_ptr<StatusServer>(
      new StatusServer(options, record, std::move(read_metrics), std::move(servers)));
  FL_ASSIGN_OR_RETURN(server->health_address_,
                      http::ParseBindAddress(options.healthz_bind_address, kHealthzPort));
  FL_ASSIGN_OR_RETURN(server->metrics_address_,
                      http::ParseBindAddress(options.metrics_bind_address, kMetricsPort));
  return server;
}

StatusServer::StatusServer(const Options& options, ProxyRecord& record, ReadMetrics read_metrics,
                           std::unique_ptr<http::Servers> servers)
    : options_(options),
      record_(record),
      read_metrics_(std::move(read_metrics)),
      servers_(std::move(servers)),
      health_checks_(*servers_, record.health()),
      started_(ProxyRecord::Instant::Now()) {}

void StatusServer::KeepOpen() {
  health_checks_.Retry();
  problems_.Begin();
  Open(health_address_, "--healthz-bind-address", health_,
       [this](const http::Request& request) { return AnswerHealth(request); });
  Open(metrics_address_, "--metrics-bind-address", metrics_,
       [this](const http::Request& request) { return AnswerMetrics(request); });
}

void StatusServer::Open(const std::optional<Endpoint>& where, const char* flag,
                        std::unique_ptr<http::Server>& server, http::Handler handler) {
  if (!where.has_value() || server != nullptr) return;
  auto opened = servers_->Serve(*where, http::Families::kBoth, std::move(handler));
  problems_.Note(opened.status(), flag);
  if (!opened.ok()) return;
  server = *std::move(opened);
  LogInfo("{}: serving on {}", flag, where->ToString());
}

http::Response StatusServer::AnswerHealth(const http::Request& request) {
  const auto now = ProxyRecord::Instant::Now();
  if (request.path == "/healthz") {
    http::Response response = record_.health().Healthz(now);
    record_.metrics().CountHealthz(response.code);
    return response;
  }
  if (request.path == "/livez") {
    http::Response response = record_.health().Livez(now);
    record_.metrics().CountLivez(response.code);
    return response;
  }
  return http::NotFound();
}

http::Response StatusServer::AnswerMetrics(const http::Request& request) {
  if (request.path == "/metrics") return Metrics();
  if (request.path == "/metrics/slis") {
    return {
        200, metrics::ToText(metrics::SliFamilies(pings_)), {{"Content-Type", metrics::kTextType}}};
  }
  if (request.path == "/proxyMode") return http::Text(kProxyMode);
  if (request.path == "/healthz") {
    ++pings_;
    return http::Text("ok");
  }
  if (request.path == "/configz") return Config();
  if (request.path == "/flagz") return Flags();
  if (request.path == "/statusz") return Status();
  return http::NotFound();
}

http::Response StatusServer::Metrics() {
  metrics::Families families = record_.metrics().Collect();
  for (auto& family : read_metrics_()) families.push_back(std::move(family));
  return {200, metrics::ToText(families), {{"Content-Type", metrics::kTextType}}};
}

// Under kube-proxy's name what has a meaning there, under ours every flag.
http::Response StatusServer::Config() const {
  nlohmann::ordered_json config = {
      {"kubeproxy.config.k8s.io",
       {{"clusterCIDR", fmt::format("{}", fmt::join(options_.cluster_cidr, ","))},
        {"healthzBindAddress", options_.healthz_bind_address},
        {"hostnameOverride", options_.node_name},
        {"metricsBindAddress", options_.metrics_bind_address},
        {"mode", kProxyMode}}},
      {"fairlead", nlohmann::ordered_json::object()}};
  for (const auto& [flag, value] : options_.flags) config["fairlead"][flag] = value;
  return http::Json(200,
                    config.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

http::Response StatusServer::Flags() const {
  std::string text = fmt::format("\nfairleadd flags\n{}", kNotForMachines);
  for (const auto& [flag, value] : options_.flags) text += fmt::format("{}={}\n", flag, value);
  return http::Text(std::move(text));
}

http::Response StatusServer::Status() const {
  const auto now = ProxyRecord::Instant::Now();
  const auto up = std::chrono::floor<std::chrono::seconds>(now.steady - started_.steady).count();
  return http::Text(
      fmt::format("\nfairleadd statusz\n{}"
                  "Started: {:%a %b %d %H:%M:%S} UTC {:%Y}\n"
                  "Up: {} hr {:02} min {:02} sec\n"
                  "Binary version: {}\n"
                  "Paths: /configz /flagz /healthz /metrics /metrics/slis /proxyMode /statusz\n",
                  kNotForMachines, fmt::gmtime(started_.wall), fmt::gmtime(started_.wall),
                  up / 3600, up / 60 % 60, up % 60, options_.version));
}

}  // namespace fairlead
