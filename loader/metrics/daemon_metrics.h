// SPDX-License-Identifier: Apache-2.0
//
// The daemon about itself: what it finds wrong, and the process_* metrics that
// every Prometheus client has. Absent where the daemon is.
#ifndef FAIRLEAD_LOADER_METRICS_DAEMON_METRICS_H_
#define FAIRLEAD_LOADER_METRICS_DAEMON_METRICS_H_

#include <map>
#include <string>

#include "loader/metrics/dataplane_metrics.h"

namespace fairlead::metrics {

struct DaemonFacts {
  std::string version;
  std::string mode;                        // "full", "proxy"
  std::map<std::string, size_t> problems;  // by what they are about: "node", "services"
};

Families DescribeDaemon();  // without samples
Families ReadDaemon(const DaemonFacts& facts);

// Component SLIs, as kube-proxy has them: whether /healthz answers, and how often it did.
Families SliFamilies(uint64_t healthz_answers);

}  // namespace fairlead::metrics

#endif  // FAIRLEAD_LOADER_METRICS_DAEMON_METRICS_H_
