// SPDX-License-Identifier: Apache-2.0
//
// kubeproxy_*: the metrics of kube-proxy 1.36 under its names and with its
// buckets, so that its dashboards and alerts go on working. Those that cannot
// have a meaning here stay 0 (docs/metrics.md).
#ifndef FAIRLEAD_LOADER_METRICS_PROXY_METRICS_H_
#define FAIRLEAD_LOADER_METRICS_PROXY_METRICS_H_

#include <chrono>
#include <memory>

#include "base/ip.h"
#include "loader/metrics/dataplane_metrics.h"
#include "prometheus/registry.h"

namespace fairlead::metrics {

enum class Sync {
  kFull,     // everything, after a start
  kPartial,  // what had changed
};

class ProxyMetrics {
 public:
  using Clock = std::chrono::system_clock;
  using Seconds = std::chrono::duration<double>;

  ProxyMetrics();
  ~ProxyMetrics();

  // Objects have changed and are not yet applied.
  void ServicesChanged(Family family, size_t count, Clock::time_point now);
  void EndpointSlicesChanged(Family family, size_t count, Clock::time_point now);
  void Synced(Family family, Sync sync, Seconds took, Clock::time_point now);
  void SyncFailed(Family family);
  // Since an endpoint changed, by what its controller wrote.
  void Programmed(Family family, Seconds took);
  void SetWithoutLocalEndpoints(Family family, size_t internal, size_t external);

  void CountHealthz(int code);
  void CountLivez(int code);

  Families Collect() const { return registry_.Collect(); }

 private:
  struct OfFamily;
  OfFamily& of(Family family) { return *families_[family == Family::kIpv6 ? 1 : 0]; }

  prometheus::Registry registry_;
  std::unique_ptr<OfFamily> families_[2];
  prometheus::Family<prometheus::Counter>* healthz_ = nullptr;
  prometheus::Family<prometheus::Counter>* livez_ = nullptr;
};

}  // namespace fairlead::metrics

#endif  // FAIRLEAD_LOADER_METRICS_PROXY_METRICS_H_
