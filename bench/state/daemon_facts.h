// SPDX-License-Identifier: Apache-2.0
//
// What a running fairleadd costs, and what it says of its API server.
#ifndef FAIRLEAD_BENCH_STATE_DAEMON_FACTS_H_
#define FAIRLEAD_BENCH_STATE_DAEMON_FACTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fairlead::bench {

struct ProcessCost {
  int64_t resident_kib = 0;
  int64_t anonymous_kib = 0;  // of those: the heap. Others are tables and programs, mapped.
  int64_t peak_kib = 0;
  double cpu_seconds = 0;
};
absl::StatusOr<ProcessCost> CostOf(int pid);

// A page of metrics: the numbers behind each name with its labels.
class MetricsPage {
 public:
  explicit MetricsPage(std::string_view text);

  // Of all series of a name.
  double Sum(const std::string& name) const;
  // Counts of a histogram up to each bound, with all of its series together.
  std::map<double, double> Buckets(const std::string& name) const;

 private:
  std::map<std::string, double> series_;  // by name{labels}
};

// The time that `part` of what a histogram has gained took at most; within a bucket all are
// taken to be spread evenly.
double Quantile(const std::map<double, double>& before, const std::map<double, double>& after,
                double part);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_STATE_DAEMON_FACTS_H_
