// SPDX-License-Identifier: Apache-2.0
#include "bench/samples.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/median.h"

namespace fairlead::bench {
Result Summarize(const std::string& name, Family family, uint32_t flows,
                 const std::vector<Sample>& samples) {
  std::vector<double> loaded, empty, net;
  for (const Sample& sample : samples) {
    loaded.push_back(sample.ns);
    empty.push_back(sample.empty_ns);
    net.push_back(sample.ns - sample.empty_ns);
  }
  Result result;
  result.name = name;
  result.family = family;
  result.flows = flows;
  result.ns_median = Median(net);
  result.ns_min = *std::min_element(loaded.begin(), loaded.end()) -
                  *std::min_element(empty.begin(), empty.end());
  result.empty_ns = Median(empty);
  result.rounds = samples.size();
  return result;
}

std::string ToJson(const Result& result) {
  return fmt::format(
      R"({{"case":"{}","family":{},"flows":{},"ns_median":{:.1f},"ns_min":{:.1f},"empty_ns":{:.1f},"rounds":{}}})",
      result.name, static_cast<int>(result.family), result.flows, result.ns_median, result.ns_min,
      result.empty_ns, result.rounds);
}

std::string TableHead() {
  return fmt::format("{:<24} {:>6} {:>8} {:>9} {:>9} {:>9} {:>7}", "CASE", "FAMILY", "FLOWS",
                     "NS_MIN", "NS_MEDIAN", "EMPTY_NS", "ROUNDS");
}

std::string TableRow(const Result& result) {
  return fmt::format("{:<24} {:>6} {:>8} {:>9.1f} {:>9.1f} {:>9.1f} {:>7}", result.name,
                     static_cast<int>(result.family), result.flows, result.ns_min, result.ns_median,
                     result.empty_ns, result.rounds);
}

}  // namespace fairlead::bench
