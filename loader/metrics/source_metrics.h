// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus learns of the objects that an API server sends: fairlead_api_*.
#ifndef FAIRLEAD_LOADER_METRICS_SOURCE_METRICS_H_
#define FAIRLEAD_LOADER_METRICS_SOURCE_METRICS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "loader/metrics/dataplane_metrics.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace fairlead::metrics {

// One kind of objects, since the start.
struct SourceFacts {
  std::string resource;  // "endpointslices"
  size_t objects = 0;    // now
  uint64_t lists = 0;
  uint64_t watches = 0;
  uint64_t failures = 0;
  uint64_t events = 0;
  uint64_t bytes = 0;
};

class SourceMetrics {
 public:
  SourceMetrics();

  // A change of this resource has been applied, so long after its bytes had come.
  void Applied(const std::string& resource, std::chrono::nanoseconds took);

  Families Read(const std::vector<SourceFacts>& facts) const;

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Histogram>* applied_ = nullptr;
};

}  // namespace fairlead::metrics

#endif  // FAIRLEAD_LOADER_METRICS_SOURCE_METRICS_H_
