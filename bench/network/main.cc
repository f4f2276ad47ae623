// SPDX-License-Identifier: Apache-2.0
//
// network_bench: what TCP gets from pod to pod, beside what it gets from other
// networks over the same wire. All worlds stay up for the whole run and take
// turns in short slices, because the machine is not ours alone.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "bench/network/report.h"
#include "bench/network/tcp_pair.h"
#include "bench/network/worlds.h"
#include "lab/clock.h"
#include "lab/teardown.h"

namespace fairlead::bench {
namespace {

constexpr uint16_t kPort = 7001;

struct Settings {
  int rounds = 21;
  int throughput_milliseconds = 100;
  int round_trip_milliseconds = 50;
  bool json = false;
};

// A connection of its own for every sample: how one began, and which way its
// acknowledgements fell, must not colour a whole run.
absl::StatusOr<double> Sample(const Settings& settings, const Way& way, Family family,
                              Measure measure) {
  FL_ASSIGN_OR_RETURN(const IpAddress server,
                      IpAddress::Parse(family == Family::kIpv4 ? way.ipv4 : way.ipv6));
  const Endpoint endpoint = {server, kPort};
  FL_ASSIGN_OR_RETURN(
      TcpPair pair, TcpPair::Open(way.client_namespace, way.server_namespace, endpoint, endpoint));
  if (measure == Measure::kRoundTrip) {
    return pair.RoundTrip(std::chrono::milliseconds(settings.round_trip_milliseconds));
  }
  return pair.Throughput(
      std::chrono::milliseconds(settings.throughput_milliseconds),
      measure == Measure::kThroughput ? TcpPair::Cpus::kOne : TcpPair::Cpus::kTwo);
}

absl::Status Blame(const Way& way, const absl::Status& status) {
  return absl::Status(status.code(),
                      fmt::format("{}: {}", way.world, std::string(status.message())));
}

// Waits for routes and tables: a fresh world's first packets may be too early.
absl::Status AwaitWay(const Settings& settings, const Way& way, Family family) {
  absl::Status status;
  const auto works = [&] {
    status = Sample(settings, way, family, Measure::kRoundTrip).status();
    return status.ok();
  };
  return lab::WaitUntil(works, std::chrono::seconds(20)) ? absl::OkStatus() : Blame(way, status);
}

// One turn for each.
absl::Status Play(const Settings& settings, std::vector<const Way*>& ways, Contest& contest) {
  for (const Way* way : ways) {
    const auto sample = Sample(settings, *way, contest.family, contest.measure);
    if (lab::Interrupted()) return absl::CancelledError("interrupted");
    if (!sample.ok()) return Blame(*way, sample.status());
    contest.samples[way->world].push_back(*sample);
  }
  // Nobody is always the one after somebody else.
  std::ranges::rotate(ways, ways.begin() + 1);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Contest>> Compare(const Settings& settings,
                                             const std::vector<World>& worlds) {
  std::vector<Contest> contests;
  std::map<Path, std::vector<const Way*>> ways;
  for (const World& world : worlds) {
    for (const Way& way : world.ways) ways[way.path].push_back(&way);
  }
  for (const auto& [path, on_path] : ways) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      for (const Way* way : on_path) FL_RETURN_IF_ERROR(AwaitWay(settings, *way, family));
      // Better now than after two minutes.
      for (const Way* way : on_path) FL_RETURN_IF_ERROR(CheckWitnesses(*way, 0));
      for (const Measure measure :
           {Measure::kThroughput, Measure::kThroughputOnTwoCpus, Measure::kRoundTrip}) {
        contests.push_back({path, family, measure, {}});
      }
    }
  }
  for (int round = 0; round < settings.rounds; ++round) {
    for (Contest& contest : contests) {
      FL_RETURN_IF_ERROR(Play(settings, ways.at(contest.path), contest));
    }
  }
  for (const auto& [path, on_path] : ways) {
    // Far fewer than there were, and far more than neighbours say to each other.
    for (const Way* way : on_path) FL_RETURN_IF_ERROR(CheckWitnesses(*way, 1000));
  }
  return contests;
}

absl::Status Run(const Settings& settings) {
  FL_RETURN_IF_ERROR(lab::RemoveAbandonedLabs());
  std::vector<World> worlds;
  const auto add = [&worlds](absl::StatusOr<World> world) {
    if (world.ok()) worlds.push_back(*std::move(world));
    return world.status();
  };
  FL_RETURN_IF_ERROR(add(MakeFairleadWorld("native")));
  FL_RETURN_IF_ERROR(add(MakeFairleadWorld("vxlan")));
  FL_RETURN_IF_ERROR(add(MakeRoutedWorld()));
  FL_RETURN_IF_ERROR(add(MakeBridgeWorld()));
  FL_ASSIGN_OR_RETURN(const std::vector<Contest> contests, Compare(settings, worlds));
  settings.json ? PrintJson(contests) : PrintTable(contests);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  CLI::App app("network_bench: TCP from pod to pod, beside other networks");
  Settings settings;
  app.add_flag("--json", settings.json, "One object per line");
  app.add_option("--rounds", settings.rounds, "How often each world has its turn")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  lab::WatchForInterrupts();
  const absl::Status status = Run(settings);
  if (status.ok()) return 0;
  fmt::print(stderr, "network_bench: {}\n", std::string(status.message()));
  return 1;
}

}  // namespace
}  // namespace fairlead::bench

int main(int argc, char** argv) { return fairlead::bench::Main(argc, argv); }
