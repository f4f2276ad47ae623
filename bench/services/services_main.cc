// SPDX-License-Identifier: Apache-2.0
//
// services_bench: what a Service costs a client, beside kube-proxy's rules for
// the same cluster, with few Services and with many. When all worlds have learnt
// their cluster they stay up and take turns in short slices.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "bench/network/tcp_pair.h"
#include "bench/services/dialogue.h"
#include "bench/services/service_report.h"
#include "bench/services/service_worlds.h"
#include "lab/clock.h"
#include "lab/teardown.h"

namespace fairlead::bench {
namespace {

using lab::Clock;

constexpr char kLetters[] = {'1', '2'};  // what the two backends answer

struct Settings {
  bool ipv6 = false;
  std::vector<size_t> services = {1, 1000, 10000};
  size_t endpoints = 10;
  int rounds = 21;
  int turn_milliseconds = 100;
  int syncs = 3;
  int changes = 7;
  int patience_seconds = 120;
  bool json = false;

  lab::Duration turn() const { return std::chrono::milliseconds(turn_milliseconds); }
  lab::Duration patience() const { return std::chrono::seconds(patience_seconds); }
};

class Bench {
 public:
  explicit Bench(const Settings& settings) : settings_(settings) {
    report_.family = settings.ipv6 ? Family::kIpv6 : Family::kIpv4;
  }

  absl::StatusOr<Report> Run() {
    FL_RETURN_IF_ERROR(CompareFirstSyncs());
    FL_RETURN_IF_ERROR(CompareTraffic());
    FL_RETURN_IF_ERROR(CompareChanges());
    return std::move(report_);
  }

 private:
  using Measurement = std::function<absl::StatusOr<double>(ServiceWorld&)>;

  void Say(const WorldId& id, const std::string& what) const {
    fmt::print(stderr, "{} with {} services: {}\n", id.name, id.services, what);
  }

  // A world that fails is named in the report, and the others go on.
  void GiveUp(const WorldId& id, const absl::Status& status) {
    report_.problems[id] = std::string(status.message());
    Say(id, report_.problems[id]);
    worlds_.erase(id);
  }

  // Each world begins some times; the last one stays.
  absl::Status CompareFirstSyncs() {
    Contest contest{"first sync", "", "ms", false};
    for (const size_t services : settings_.services) {
      for (int sync = 0; sync < settings_.syncs; ++sync) {
        for (const std::string& name : WorldNames()) {
          const WorldId id = {services, name};
          if (report_.problems.contains(id)) continue;
          worlds_.erase(id);
          const absl::StatusOr<double> milliseconds = Build(id);
          if (lab::Interrupted()) return absl::CancelledError("interrupted");
          if (!milliseconds.ok()) {
            GiveUp(id, milliseconds.status());
            contest.samples.erase(id);
            continue;
          }
          Say(id, fmt::format("first sync {:.1f} ms", *milliseconds));
          contest.samples[id].push_back(*milliseconds);
        }
      }
    }
    report_.contests.push_back(std::move(contest));
    return absl::OkStatus();
  }

  // Milliseconds until the node knew its cluster and somebody was served.
  absl::StatusOr<double> Build(const WorldId& id) {
    const ClusterSize size = {report_.family, id.services, settings_.endpoints};
    FL_ASSIGN_OR_RETURN(std::unique_ptr<ServiceWorld> world, MakeServiceWorld(id.name, size));
    const Place& backend = world->backends()[0];
    FL_ASSIGN_OR_RETURN(const std::unique_ptr<Answerer> answerer,
                        Answerer::Start(backend.network_namespace, backend.endpoint, kLetters[0]));
    FL_ASSIGN_OR_RETURN(const Clock::time_point begin, world->FirstSync(settings_.patience()));
    Clock::time_point end = begin;
    for (const Place& client : {world->InsideClient(), world->OutsideClient()}) {
      FL_ASSIGN_OR_RETURN(end, AwaitAnswer(client.network_namespace, client.endpoint, kLetters[0],
                                           settings_.patience(), {}));
    }
    worlds_[id] = std::move(world);
    return std::chrono::duration<double, std::milli>(end - begin).count();
  }

  // One turn for each world.
  absl::Status Play(Contest& contest, std::vector<WorldId>& turns, const Measurement& measure) {
    for (const WorldId& id : turns) {
      if (lab::Interrupted()) return absl::CancelledError("interrupted");
      const absl::StatusOr<double> sample = measure(*worlds_.at(id));
      if (!sample.ok()) {
        return absl::Status(sample.status().code(),
                            fmt::format("{} with {} services: {}", id.name, id.services,
                                        std::string(sample.status().message())));
      }
      contest.samples[id].push_back(*sample);
    }
    // Nobody is always the one after somebody else.
    std::ranges::rotate(turns, turns.begin() + 1);
    return absl::OkStatus();
  }

  std::vector<WorldId> Turns() const {
    std::vector<WorldId> turns;
    turns.reserve(worlds_.size());
    for (const auto& [id, world] : worlds_) turns.push_back(id);
    return turns;
  }

  absl::Status CompareTraffic() {
    const auto connections = [this](const Place& client, const Place& backend) {
      return ConnectionRate(client.network_namespace, backend.network_namespace, backend.endpoint,
                            client.endpoint, settings_.turn());
    };
    const auto latency = [this](const Place& client,
                                const Place& backend) -> absl::StatusOr<double> {
      FL_ASSIGN_OR_RETURN(TcpPair pair,
                          TcpPair::Open(client.network_namespace, backend.network_namespace,
                                        backend.endpoint, client.endpoint));
      return pair.RoundTrip(settings_.turn());
    };
    std::vector<std::pair<Contest, Measurement>> contests = {
        {{"connections", "ClusterIP", "1/s", true},
         [&](ServiceWorld& w) { return connections(w.InsideClient(), w.backends()[0]); }},
        {{"connections", "NodePort", "1/s", true},
         [&](ServiceWorld& w) { return connections(w.OutsideClient(), w.backends()[0]); }},
        {{"request latency", "ClusterIP", "us", false},
         [&](ServiceWorld& w) { return latency(w.InsideClient(), w.backends()[0]); }},
        {{"request latency", "NodePort", "us", false},
         [&](ServiceWorld& w) { return latency(w.OutsideClient(), w.backends()[0]); }},
    };
    std::vector<WorldId> turns = Turns();
    for (int round = 0; round < settings_.rounds; ++round) {
      for (auto& [contest, measure] : contests) {
        FL_RETURN_IF_ERROR(Play(contest, turns, measure));
      }
    }
    for (auto& [contest, measure] : contests) report_.contests.push_back(std::move(contest));
    return absl::OkStatus();
  }

  absl::Status CompareChanges() {
    Contest contest{"endpoint change", "", "ms", false};
    std::vector<WorldId> turns = Turns();
    for (int change = 0; change < settings_.changes; ++change) {
      const size_t backend = change % 2 == 0 ? 1 : 0;
      FL_RETURN_IF_ERROR(
          Play(contest, turns, [&](ServiceWorld& world) { return Change(world, backend); }));
    }
    report_.contests.push_back(std::move(contest));
    return absl::OkStatus();
  }

  // Milliseconds until somebody inside is answered by `backend`.
  absl::StatusOr<double> Change(ServiceWorld& world, size_t backend) const {
    std::vector<std::unique_ptr<Answerer>> answerers;
    for (size_t i = 0; i < world.backends().size(); ++i) {
      const Place& place = world.backends()[i];
      FL_ASSIGN_OR_RETURN(std::unique_ptr<Answerer> answerer,
                          Answerer::Start(place.network_namespace, place.endpoint, kLetters[i]));
      answerers.push_back(std::move(answerer));
    }
    const Place client = world.InsideClient();
    const auto await = [this, client](char letter, std::stop_token stop) {
      return AwaitAnswer(client.network_namespace, client.endpoint, letter, settings_.patience(),
                         std::move(stop));
    };
    FL_RETURN_IF_ERROR(await(kLetters[1 - backend], {}).status());
    std::stop_source stop;
    auto answered = std::async(std::launch::async, await, kLetters[backend], stop.get_token());
    const absl::StatusOr<Clock::time_point> begin = world.Switch(backend, settings_.patience());
    if (!begin.ok()) stop.request_stop();
    const absl::StatusOr<Clock::time_point> end = answered.get();
    if (!begin.ok()) return begin.status();
    if (!end.ok()) return end.status();
    return std::chrono::duration<double, std::milli>(*end - *begin).count();
  }

  Settings settings_;
  std::map<WorldId, std::unique_ptr<ServiceWorld>> worlds_;
  Report report_ = {};
};

int Main(int argc, char** argv) {
  CLI::App app("services_bench: what a Service costs, beside kube-proxy's rules");
  Settings settings;
  app.add_flag("--json", settings.json, "One object per line");
  app.add_flag("--ipv6", settings.ipv6, "A cluster of IPv6 instead of IPv4");
  app.add_option("--services", settings.services, "How many Services, for each comparison")
      ->delimiter(',')
      ->check(CLI::Range(size_t{1}, kMaxServices))
      ->capture_default_str();
  app.add_option("--endpoints", settings.endpoints, "How many endpoints each Service has")
      ->check(CLI::Range(size_t{1}, kMaxEndpoints))
      ->capture_default_str();
  app.add_option("--rounds", settings.rounds, "How often each world has its turn")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--turn", settings.turn_milliseconds, "How long a turn is, in milliseconds")
      ->check(CLI::Range(10, 10000))
      ->capture_default_str();
  app.add_option("--syncs", settings.syncs, "How often each world begins with no Service at all")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--changes", settings.changes, "How often an endpoint is changed in each world")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--patience", settings.patience_seconds,
                 "Seconds a first sync or a change may take; what takes longer is reported as that")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  lab::WatchForInterrupts();
  const absl::Status cleaned = lab::RemoveAbandonedLabs();
  const absl::StatusOr<Report> report =
      cleaned.ok() ? Bench(settings).Run() : absl::StatusOr<Report>(cleaned);
  if (report.ok()) {
    settings.json ? PrintJson(*report) : PrintTable(*report);
    return 0;
  }
  fmt::print(stderr, "services_bench: {}\n", std::string(report.status().message()));
  return 1;
}

}  // namespace
}  // namespace fairlead::bench

int main(int argc, char** argv) { return fairlead::bench::Main(argc, argv); }
