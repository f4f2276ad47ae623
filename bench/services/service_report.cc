// SPDX-License-Identifier: Apache-2.0
#include "bench/services/service_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "bench/median.h"
#include "bench/services/service_worlds.h"

namespace fairlead::bench {
namespace {

// What issue 4 asks for: as many Services as there are may change this much.
constexpr double kFlatWithin = 0.05;

std::set<size_t> SizesOf(const Contest& contest) {
  std::set<size_t> sizes;
  for (const auto& [world, samples] : contest.samples) sizes.insert(world.services);
  return sizes;
}

// Of traffic; how long a node takes to learn of a cluster depends on its size.
bool ShouldBeFlat(const Contest& contest) { return !contest.path.empty(); }

// fairlead with this many Services beside fairlead with the fewest.
std::optional<double> Flatness(const Contest& contest, const WorldId& ours) {
  const WorldId fewest = {*SizesOf(contest).begin(), ours.name};
  if (fewest == ours || !contest.samples.contains(fewest) || !contest.samples.contains(ours)) {
    return std::nullopt;
  }
  return Advantage(contest, ours, fewest);
}

nlohmann::ordered_json LineOf(const Report& report, const Contest& contest, size_t services) {
  const WorldId ours = {services, WorldNames().front()};
  nlohmann::ordered_json line = {{"measure", contest.measure},
                                 {"services", services},
                                 {"unit", contest.unit},
                                 {"family", FamilyName(report.family)}};
  if (!contest.path.empty()) line["path"] = contest.path;
  const bool took_part = contest.samples.contains(ours);
  if (took_part) {
    line["fairlead"] = Median(contest.samples.at(ours));
    line["rounds"] = contest.samples.at(ours).size();
  } else {
    line["problem"] = report.problems.at(ours);
  }
  line["rivals"] = nlohmann::ordered_json::object();
  std::optional<double> to_best;
  for (const std::string& name : WorldNames()) {
    const WorldId rival = {services, name};
    if (rival == ours) continue;
    const auto problem = report.problems.find(rival);
    if (problem != report.problems.end()) line["rivals"][name]["problem"] = problem->second;
    const auto samples = contest.samples.find(rival);
    if (samples == contest.samples.end()) continue;
    line["rivals"][name]["median"] = Median(samples->second);
    if (!took_part) continue;
    const double advantage = Advantage(contest, ours, rival);
    line["rivals"][name]["ratio"] = advantage;
    to_best = std::min(to_best.value_or(advantage), advantage);
  }
  if (to_best) {
    line["ratio_to_best"] = *to_best;
    line["ahead"] = *to_best > 1;
  }
  const std::optional<double> flatness = Flatness(contest, ours);
  if (flatness && ShouldBeFlat(contest)) {
    line["ratio_to_fewest"] = *flatness;
    line["flat"] = *flatness >= 1 - kFlatWithin;
  }
  return line;
}

}  // namespace

double Advantage(const Contest& contest, const WorldId& ours, const WorldId& theirs) {
  const std::vector<double>& a = contest.samples.at(ours);
  const std::vector<double>& b = contest.samples.at(theirs);
  return contest.more_is_better ? MedianRatio(a, b) : MedianRatio(b, a);
}

void PrintJson(const Report& report) {
  for (const Contest& contest : report.contests) {
    for (const size_t services : SizesOf(contest)) {
      fmt::print("{}\n", LineOf(report, contest, services).dump());
    }
  }
}

void PrintTable(const Report& report) {
  for (const Contest& contest : report.contests) {
    fmt::print("{}, {}{}{}, {}\n", FamilyName(report.family), contest.measure,
               contest.path.empty() ? "" : " through a ", contest.path, contest.unit);
    for (const size_t services : SizesOf(contest)) {
      const nlohmann::ordered_json line = LineOf(report, contest, services);
      fmt::print("  {:>6} services", services);
      if (line.contains("fairlead")) {
        fmt::print("  fairlead {:.2f}", line["fairlead"].get<double>());
      }
      for (const auto& [name, rival] : line.at("rivals").items()) {
        if (!rival.contains("median")) {
          fmt::print("  {} -", name);
          continue;
        }
        fmt::print("  {} {:.2f}", name, rival["median"].get<double>());
        if (rival.contains("ratio")) fmt::print(" ({:.2f} x)", rival["ratio"].get<double>());
      }
      if (line.contains("flat")) {
        fmt::print("  {} ({:.3f})", line["flat"] ? "flat" : "NOT FLAT",
                   line["ratio_to_fewest"].get<double>());
      }
      if (line.contains("ahead")) fmt::print("  {}", line["ahead"] ? "ahead" : "NOT AHEAD");
      fmt::print("\n");
    }
  }
  for (const auto& [world, problem] : report.problems) {
    fmt::print("{} with {} services: {}\n", world.name, world.services, problem);
  }
}

}  // namespace fairlead::bench
