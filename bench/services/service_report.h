// SPDX-License-Identifier: Apache-2.0
//
// What was measured of Services, and how the worlds compare.
#ifndef FAIRLEAD_BENCH_SERVICES_SERVICE_REPORT_H_
#define FAIRLEAD_BENCH_SERVICES_SERVICE_REPORT_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ip.h"

namespace fairlead::bench {

struct WorldId {
  size_t services;
  std::string name;  // WorldNames()
  friend auto operator<=>(const WorldId&, const WorldId&) = default;
};

// The same measure of every world, one sample per round.
struct Contest {
  std::string measure;  // "connections", "request latency", "first sync", "endpoint change"
  std::string path;     // "ClusterIP", "NodePort"
  std::string unit;
  bool more_is_better;
  std::map<WorldId, std::vector<double>> samples = {};
};

struct Report {
  Family family;
  std::vector<Contest> contests;
  std::map<WorldId, std::string> problems;  // of worlds that take no part
};

// How many times as good as `theirs`: the median over the rounds.
double Advantage(const Contest& contest, const WorldId& ours, const WorldId& theirs);

void PrintTable(const Report& report);
// One object per contest and number of Services, one per line: fairlead, its
// rivals, and itself with the fewest Services.
void PrintJson(const Report& report);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_SERVICES_SERVICE_REPORT_H_
