// SPDX-License-Identifier: Apache-2.0
//
// ProxyRecord: what the service proxy has been told and what it has done about
// it, for /healthz and for the kubeproxy_* metrics.
#ifndef FAIRLEAD_LOADER_DAEMON_PROXY_RECORD_H_
#define FAIRLEAD_LOADER_DAEMON_PROXY_RECORD_H_

#include <map>

#include "loader/daemon/proxy_health.h"
#include "loader/kube/object_store.h"
#include "loader/metrics/proxy_metrics.h"

namespace fairlead {

// When what has changed a slice happened, in RFC 3339; written by its controller.
inline constexpr char kTriggerTimeAnnotation[] = "endpoints.kubernetes.io/last-change-trigger-time";

// Of a try to bring the tables up to date.
enum class Outcome {
  kDone,
  kLacksRoom,  // what fits is done: no reason to end a daemon or to send nobody to its node
  kFailed,
};

class ProxyRecord {
 public:
  using Instant = ProxyHealth::Instant;

  explicit ProxyRecord(const Instant& started) : started_(started) {}

  // Services or slices in `store` have changed.
  void Queued(const kube::ObjectChanges& changes, const kube::ObjectStore& store,
              const Instant& now);
  // The tables have been brought up to date, as far as `outcome` says.
  void Applied(Outcome outcome, const Instant& began, const Instant& now);

  ProxyHealth& health() { return health_; }
  const ProxyHealth& health() const { return health_; }
  metrics::ProxyMetrics& metrics() { return metrics_; }
  const metrics::ProxyMetrics& metrics() const { return metrics_; }

 private:
  struct Slice {
    Family family = Family::kIpv4;
    size_t content = 0;  // a hash: a slice may change without its endpoints
  };
  struct Trigger {
    Family family = Family::kIpv4;
    std::chrono::system_clock::time_point time;
  };
  void SliceQueued(const kube::EndpointSlice& slice);

  Instant started_;
  ProxyHealth health_;
  metrics::ProxyMetrics metrics_;
  std::map<kube::ObjectName, Slice> slices_;
  std::map<kube::ObjectName, Trigger> triggers_;  // not applied; the first of each slice
  bool synced_ = false;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_PROXY_RECORD_H_
