// SPDX-License-Identifier: Apache-2.0
//
// See report.h.
#include "bench/network/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench/median.h"

namespace fairlead::bench {
namespace {

bool IsOurs(const std::string& world) { return world.starts_with("fairlead"); }

const char* NameOf(Path path) { return path == Path::kOneNode ? "one node" : "across nodes"; }
const char* NameOf(Measure measure) {
  if (measure == Measure::kRoundTrip) return "round trip";
  return measure == Measure::kThroughput ? "throughput" : "throughput on two CPUs";
}
const char* UnitOf(Measure measure) { return measure == Measure::kRoundTrip ? "us" : "Gbit/s"; }

// What issue 3 asks for, as a ratio to the best of these.
struct Target {
  std::vector<std::string> rivals;
  double ratio;
};

Target TargetOf(const std::string& ours, Path path) {
  if (path == Path::kOneNode) return {{"routed", "bridge"}, 1.0};
  if (ours == "fairlead") return {{"routed", "bridge"}, 0.95};
  return {{"bridge"}, 1.0};
}

double RatioToBest(const Contest& contest, const std::string& ours, const Target& target) {
  double worst = Ratio(contest, ours, target.rivals.front());
  for (const std::string& rival : target.rivals) {
    worst = std::min(worst, Ratio(contest, ours, rival));
  }
  return worst;
}

}  // namespace

double Ratio(const Contest& contest, const std::string& ours, const std::string& theirs) {
  const std::vector<double>& a = contest.samples.at(ours);
  const std::vector<double>& b = contest.samples.at(theirs);
  return contest.measure == Measure::kRoundTrip ? MedianRatio(b, a) : MedianRatio(a, b);
}

void PrintTable(const std::vector<Contest>& contests) {
  for (const Contest& contest : contests) {
    fmt::print("{}, {}, {}\n", NameOf(contest.path), FamilyName(contest.family),
               NameOf(contest.measure));
    for (const auto& [world, samples] : contest.samples) {
      fmt::print("  {:<16} {:>8.2f} {:<7}", world, Median(samples), UnitOf(contest.measure));
      if (IsOurs(world)) {
        for (const auto& [rival, ignored] : contest.samples) {
          if (!IsOurs(rival)) fmt::print("  {:.2f} x {}", Ratio(contest, world, rival), rival);
        }
        const Target target = TargetOf(world, contest.path);
        const double ratio = RatioToBest(contest, world, target);
        fmt::print("  {} (target {:.2f})", ratio >= target.ratio ? "met" : "MISSED", target.ratio);
      }
      fmt::print("\n");
    }
  }
}

void PrintJson(const std::vector<Contest>& contests) {
  for (const Contest& contest : contests) {
    for (const auto& [world, samples] : contest.samples) {
      if (!IsOurs(world)) continue;
      nlohmann::ordered_json line = {{"path", NameOf(contest.path)},
                                     {"family", FamilyName(contest.family)},
                                     {"measure", NameOf(contest.measure)},
                                     {"unit", UnitOf(contest.measure)},
                                     {"world", world},
                                     {"median", Median(samples)},
                                     {"rounds", samples.size()}};
      for (const auto& [rival, theirs] : contest.samples) {
        if (IsOurs(rival)) continue;
        line["rivals"][rival] = {{"median", Median(theirs)},
                                 {"ratio", Ratio(contest, world, rival)}};
      }
      const Target target = TargetOf(world, contest.path);
      const double ratio = RatioToBest(contest, world, target);
      line["ratio_to_best"] = ratio;
      line["target"] = target.ratio;
      line["met"] = ratio >= target.ratio;
      fmt::print("{}\n", line.dump());
    }
  }
}

}  // namespace fairlead::bench
