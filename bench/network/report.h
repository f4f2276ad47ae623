// SPDX-License-Identifier: Apache-2.0
//
// What was measured, and how the worlds compare.
#ifndef FAIRLEAD_BENCH_NETWORK_REPORT_H_
#define FAIRLEAD_BENCH_NETWORK_REPORT_H_

#include <map>
#include <string>
#include <vector>

#include "base/ip.h"
#include "bench/network/worlds.h"

namespace fairlead::bench {

enum class Measure { kThroughput, kThroughputOnTwoCpus, kRoundTrip };

// One comparison: the same measure over the same path, one sample per round
// for every world.
struct Contest {
  Path path;
  Family family;
  Measure measure;
  std::map<std::string, std::vector<double>> samples;  // by world, all of one length
};

// How many times as fast `ours` is as `theirs`: the median over the rounds,
// because neighbours in time saw the same machine.
double Ratio(const Contest& contest, const std::string& ours, const std::string& theirs);

void PrintTable(const std::vector<Contest>& contests);
// One object per contest and world of fairlead, one per line.
void PrintJson(const std::vector<Contest>& contests);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_NETWORK_REPORT_H_
