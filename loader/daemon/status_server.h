// SPDX-License-Identifier: Apache-2.0
//
// StatusServer: the node's HTTP faces, with kube-proxy's ports, paths and
// bodies, so that what watched kube-proxy watches fairlead.
//
//   0.0.0.0:10256    /healthz /livez                            load balancers
//   127.0.0.1:10249  /metrics /metrics/slis /proxyMode /healthz
//                    /configz /flagz /statusz                   people, Prometheus
//   healthCheckNodePorts                                        load balancers
//
// An address that is taken is a problem, and tried again each second.
#ifndef FAIRLEAD_LOADER_DAEMON_STATUS_SERVER_H_
#define FAIRLEAD_LOADER_DAEMON_STATUS_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "loader/daemon/health_check_ports.h"
#include "loader/daemon/options.h"
#include "loader/daemon/problem_log.h"
#include "loader/daemon/proxy_record.h"
#include "loader/http/servers.h"

namespace fairlead {

// What /proxyMode says. None of kube-proxy's modes would be true; who asks wants to
// know whether iptables or IPVS are in use.
inline constexpr char kProxyMode[] = "ebpf";

class StatusServer {
 public:
  // Reads everything but the kubeproxy_* metrics. May fail: the text is then without it.
  using ReadMetrics = std::function<metrics::Families()>;

  // `record` outlives it. Listens nowhere before KeepOpen().
  static absl::StatusOr<std::unique_ptr<StatusServer>> Create(const Options& options,
                                                              ProxyRecord& record,
                                                              ReadMetrics read_metrics);

  // Opens what is not open. Cheap when all is.
  void KeepOpen();

  int fd() const { return servers_->fd(); }
  void ReadReady() { servers_->ReadReady(); }

  HealthCheckPorts& health_checks() { return health_checks_; }
  const ProblemLog& problems() const { return problems_; }

 private:
  StatusServer(const Options& options, ProxyRecord& record, ReadMetrics read_metrics,
               std::unique_ptr<http::Servers> servers);

  void Open(const std::optional<Endpoint>& where, const char* flag,
            std::unique_ptr<http::Server>& server, http::Handler handler);
  http::Response AnswerHealth(const http::Request& request);
  http::Response AnswerMetrics(const http::Request& request);
  http::Response Metrics();
  http::Response Config() const;
  http::Response Flags() const;
  http::Response Status() const;

  const Options options_;
  ProxyRecord& record_;
  ReadMetrics read_metrics_;
  std::unique_ptr<http::Servers> servers_;
  std::optional<Endpoint> health_address_;
  std::optional<Endpoint> metrics_address_;
  std::unique_ptr<http::Server> health_;
  std::unique_ptr<http::Server> metrics_;
  HealthCheckPorts health_checks_;
  ProblemLog problems_;
  ProxyRecord::Instant started_;
  uint64_t pings_ = 0;  // of 10249/healthz
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_STATUS_SERVER_H_
