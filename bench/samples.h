// SPDX-License-Identifier: Apache-2.0
//
// What one case measured, and how it is told: JSON lines and a table.
#ifndef FAIRLEAD_BENCH_SAMPLES_H_
#define FAIRLEAD_BENCH_SAMPLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"

namespace fairlead::bench {

// Of one round: nanoseconds per packet, with the program and without.
struct Sample {
  double ns = 0;
  double empty_ns = 0;
};

struct Result {
  std::string name;  // "established_clusterip"
  Family family = Family::kIpv4;
  uint32_t flows = 0;    // in turn, or never seen before
  double ns_median = 0;  // of the differences
  double ns_min = 0;     // the quietest round less the quietest empty one
  double empty_ns = 0;   // median: test-run loop, making the packet, tail call
  size_t rounds = 0;
};

// `samples` is not empty.
Result Summarize(const std::string& name, Family family, uint32_t flows,
                 const std::vector<Sample>& samples);

std::string ToJson(const Result& result);  // one line
std::string TableHead();
std::string TableRow(const Result& result);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_SAMPLES_H_
