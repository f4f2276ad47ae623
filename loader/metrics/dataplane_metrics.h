// SPDX-License-Identifier: Apache-2.0
//
// fairlead_*: the node's tables as Prometheus metrics. Read from the kernel each
// time, so that the daemon and `fairlead metrics` say the same, and the counters
// outlive the daemon.
#ifndef FAIRLEAD_LOADER_METRICS_DATAPLANE_METRICS_H_
#define FAIRLEAD_LOADER_METRICS_DATAPLANE_METRICS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "maps/tables.h"
#include "prometheus/metric_family.h"

namespace fairlead::metrics {

using Families = std::vector<prometheus::MetricFamily>;

// Without samples: names, types and meanings, as docs/metrics.md lists them.
Families DescribeDataplane();

// `pins` is the directory of the maps. Price: a system call per counter and per
// entry of the hashes, and a walk over the flow tables: tens of milliseconds when they are big.
absl::StatusOr<Families> ReadDataplane(const Tables& tables, const std::string& pins);

// In Prometheus' text format 0.0.4.
std::string ToText(const Families& families);
inline constexpr char kTextType[] = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace fairlead::metrics

#endif  // FAIRLEAD_LOADER_METRICS_DATAPLANE_METRICS_H_
