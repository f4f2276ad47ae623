// SPDX-License-Identifier: Apache-2.0
//
// state_bench: a fairleadd that follows the API server of a big cluster. How long
// until it knows everything, what that takes of memory and time, and how soon a
// change of an EndpointSlice is in the tables while there are a thousand a second.
//
//   BigCluster ──▶ API server (outside) ══TLS, HTTP/2══▶ fairleadd (node1)
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/status_macros.h"
#include "bench/state/big_cluster.h"
#include "bench/state/daemon_facts.h"
#include "bench/state/own_work.h"
#include "lab/lab.h"
#include "lab/network_namespace.h"
#include "lab/teardown.h"
#include "lab/topology.h"
#include "tests/apiserver/test_api_server.h"

namespace fairlead::bench {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(60);
constexpr uint16_t kPort = 6443;
constexpr size_t kChangedSlices = 500;
// What a table is asked to hold for so many.
size_t WithRoom(size_t entries) { return entries + entries / 8 + 64; }

constexpr char kApplied[] = "fairlead_api_apply_duration_seconds";

struct Settings {
  ClusterSize size;
  size_t changes_per_second = 1000;
  size_t seconds = 10;
  std::vector<std::string> daemon_flags;
  bool json = false;
};

struct Result {
  OwnWork own_work;
  double sync_seconds = 0;
  ProcessCost after_sync, steady, after_changes;
  double received_bytes = 0;
  size_t changes = 0;
  double change_seconds = 0;
  double applied_p50 = 0, applied_p99 = 0;
  double applications = 0;  // changes that came together are applied together
};

class StateBench {
 public:
  explicit StateBench(const Settings& settings) : settings_(settings) {}

  absl::StatusOr<Result> Run() {
    FL_RETURN_IF_ERROR(Begin());
    Result result;
    result.own_work = OwnWorkOf(5);
    FL_RETURN_IF_ERROR(Sync(result));
    FL_RETURN_IF_ERROR(Change(result));
    return result;
  }

 private:
  absl::Status Begin() {
    const std::string name = fmt::format("state{}", ::getpid());
    kubeconfig_ = lab::LabFolder(name).Path("kubeconfig");
    std::vector<std::string> flags = {
        "--kubeconfig", kubeconfig_,
        fmt::format("--max-services={}", WithRoom(settings_.size.services)),
        fmt::format("--max-backends={}",
                    WithRoom(settings_.size.services * settings_.size.endpoints))};
    flags.insert(flags.end(), settings_.daemon_flags.begin(), settings_.daemon_flags.end());
    FL_ASSIGN_OR_RETURN(lab_, lab::Lab::Up({.name = name,
                                            .nodes = 1,
                                            .fabric = {.routing = "vxlan"},
                                            .daemon_flags = std::move(flags),
                                            .start_daemons = false}));
    const lab::Node& node = lab_->node(1);
    cluster_.emplace(settings_.size, OwnNode{.name = node.name(),
                                             .address = node.ipv4(),
                                             .pod_cidr = lab::NodePodCidrs(1).front()});
    FL_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(lab::kOutsideIpv4));
    const std::string outside = lab::NamespaceName(lab_->folder().lab(), "outside");
    FL_RETURN_IF_ERROR(lab::InNamespace(outside, [&]() -> absl::Status {
      FL_ASSIGN_OR_RETURN(server_, apiserver::TestApiServer::Start({.listen = {{address, kPort}}}));
      return absl::OkStatus();
    }));
    server_->Do([this](apiserver::ApiServer& server) {
      cluster_->ForEach([&](const apiserver::Resource& resource, Json object) {
        server.api().store().Put(resource, std::move(object));
      });
      server.api().store().Compact();
    });
    std::ofstream(kubeconfig_) << server_->Kubeconfig();
    return absl::OkStatus();
  }

  // The median, so that a busy machine does not matter.
  OwnWork OwnWorkOf(int times) {
    std::vector<OwnWork> works;
    for (int i = 0; i < times; ++i) {
      server_->Do([&](apiserver::ApiServer& server) {
        works.push_back(ReadServicesFromMemory(server.api()));
      });
    }
    std::ranges::sort(works, {}, &OwnWork::cpu);
    return works[works.size() / 2];
  }

  absl::Status Sync(Result& result) {
    const auto begin = steady_clock::now();
    FL_RETURN_IF_ERROR(lab_->StartDaemon(lab_->node(1)));
    result.sync_seconds = duration<double>(steady_clock::now() - begin).count();
    FL_ASSIGN_OR_RETURN(const lab::ProcessId process,
                        lab_->folder().RecordedProcess(lab_->node(1).name()));
    pid_ = process.pid;
    FL_ASSIGN_OR_RETURN(result.after_sync, CostOf(pid_));
    std::this_thread::sleep_for(std::chrono::seconds(3));
    FL_ASSIGN_OR_RETURN(result.steady, CostOf(pid_));
    FL_ASSIGN_OR_RETURN(const MetricsPage page, ReadMetrics());
    result.received_bytes = page.Sum("fairlead_api_received_bytes_total");
    return absl::OkStatus();
  }

  absl::StatusOr<MetricsPage> ReadMetrics() const {
    FL_ASSIGN_OR_RETURN(const lab::Finished done, lab_->Run("node1",
                                                            {"curl", "-sS", "--fail", "--noproxy",
                                                             "*", "http://127.0.0.1:10249/metrics"},
                                                            kPatience));
    if (done.exit_code != 0) return absl::UnavailableError("metrics of node1: " + done.err);
    return MetricsPage(done.out);
  }

  // An endpoint of a Service after the other fails its probe, and comes back.
  absl::Status Change(Result& result) {
    const size_t slices = std::min(kChangedSlices, settings_.size.services);
    std::vector<Json> unready, ready;
    for (size_t i = 0; i < slices; ++i) {
      unready.push_back(cluster_->EndpointSlice(i, 0));
      ready.push_back(cluster_->EndpointSlice(i, settings_.size.endpoints));
    }
    FL_ASSIGN_OR_RETURN(const MetricsPage before, ReadMetrics());
    const auto begin = steady_clock::now();
    const auto interval = std::chrono::nanoseconds(std::chrono::seconds(1)) /
                          static_cast<int64_t>(settings_.changes_per_second);
    const size_t changes = settings_.changes_per_second * settings_.seconds;
    for (size_t n = 0; n < changes && !lab::Interrupted(); ++n) {
      std::this_thread::sleep_until(begin + interval * static_cast<int64_t>(n));
      server_->Put("endpointslices", n / slices % 2 == 0 ? unready[n % slices] : ready[n % slices]);
    }
    result.changes = changes;
    result.change_seconds = duration<double>(steady_clock::now() - begin).count();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    FL_ASSIGN_OR_RETURN(const MetricsPage after, ReadMetrics());
    const double events =
        after.Sum("fairlead_api_events_total") - before.Sum("fairlead_api_events_total");
    if (events < static_cast<double>(changes)) {
      return absl::InternalError(fmt::format("{} of {} changes have come", events, changes));
    }
    result.applied_p50 = Quantile(before.Buckets(kApplied), after.Buckets(kApplied), 0.5);
    result.applied_p99 = Quantile(before.Buckets(kApplied), after.Buckets(kApplied), 0.99);
    result.applications =
        after.Sum(std::string(kApplied) + "_count") - before.Sum(std::string(kApplied) + "_count");
    FL_ASSIGN_OR_RETURN(result.after_changes, CostOf(pid_));
    return absl::OkStatus();
  }

  Settings settings_;
  std::string kubeconfig_;
  std::optional<BigCluster> cluster_;
  std::unique_ptr<apiserver::TestApiServer> server_;
  std::unique_ptr<lab::Lab> lab_;
  int pid_ = 0;
};

void Report(const Settings& settings, const Result& result) {
  const double own = duration<double, std::milli>(result.own_work.cpu).count();
  const auto mib = [](int64_t kib) { return static_cast<double>(kib) / 1024; };
  const double cpu = result.after_changes.cpu_seconds - result.steady.cpu_seconds;
  if (settings.json) {
    const Json line = {
        {"services", settings.size.services},
        {"endpoints", settings.size.endpoints},
        {"nodes", settings.size.nodes},
        {"pods", settings.size.pods},
        {"policies", settings.size.policies},
        {"first_sync_seconds", result.sync_seconds},
        {"first_sync_cpu_seconds", result.after_sync.cpu_seconds},
        {"received_bytes", result.received_bytes},
        {"services_and_slices_own_work_ms", own},
        {"services_and_slices_bytes", result.own_work.bytes},
        {"peak_rss_mib", mib(result.after_changes.peak_kib)},
        {"steady_rss_mib", mib(result.steady.resident_kib)},
        {"steady_heap_mib", mib(result.steady.anonymous_kib)},
        {"changes", result.changes},
        {"changes_per_second", static_cast<double>(result.changes) / result.change_seconds},
        {"applications", result.applications},
        {"event_to_maps_p50_us", result.applied_p50 * 1e6},
        {"event_to_maps_p99_us", result.applied_p99 * 1e6},
        {"changes_cpu_seconds", cpu}};
    fmt::print("{}\n", line.dump());
    return;
  }
  fmt::print("{} Services of {} endpoints, {} Nodes, {} Pods, {} NetworkPolicies\n",
             settings.size.services, settings.size.endpoints, settings.size.nodes,
             settings.size.pods, settings.size.policies);
  fmt::print("first sync          {:8.2f} s, {:.2f} s of CPU, {:.0f} MB received\n",
             result.sync_seconds, result.after_sync.cpu_seconds, result.received_bytes / 1e6);
  fmt::print("own work            {:8.1f} ms for {} Services and slices, {:.0f} MB\n", own,
             result.own_work.objects, static_cast<double>(result.own_work.bytes) / 1e6);
  fmt::print("memory              {:8.1f} MiB steady, {:.1f} MiB of it heap; {:.1f} MiB at most\n",
             mib(result.steady.resident_kib), mib(result.steady.anonymous_kib),
             mib(result.after_changes.peak_kib));
  fmt::print(
      "event to maps       {:8.0f} us p50, {:.0f} us p99, at {:.0f} changes/s, {:.2f} s of CPU\n",
      result.applied_p50 * 1e6, result.applied_p99 * 1e6,
      static_cast<double>(result.changes) / result.change_seconds, cpu);
}

int Main(int argc, char** argv) {
  CLI::App app("state_bench: what following the API server of a big cluster costs");
  Settings settings;
  app.add_option("--services", settings.size.services)
      ->check(CLI::Range(size_t{1}, kMostServices))
      ->capture_default_str();
  app.add_option("--endpoints", settings.size.endpoints)
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--nodes", settings.size.nodes)
      ->check(CLI::Range(size_t{1}, kMostNodes))
      ->capture_default_str();
  app.add_option("--pods", settings.size.pods)->capture_default_str();
  app.add_option("--policies", settings.size.policies)->capture_default_str();
  app.add_option("--rate", settings.changes_per_second, "Changes per second")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--seconds", settings.seconds, "How long they last")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  app.add_flag("--json", settings.json, "One object instead of a table");
  app.add_option("daemon-flags", settings.daemon_flags, "Behind --: flags for fairleadd");
  CLI11_PARSE(app, argc, argv);
  InitLog("state_bench", "warn");
  lab::WatchForInterrupts();
  const auto result = StateBench(settings).Run();
  if (!result.ok()) {
    fmt::print(stderr, "state_bench: {}\n", std::string(result.status().message()));
    return lab::Interrupted() ? 130 : 1;
  }
  Report(settings, *result);
  return 0;
}

}  // namespace
}  // namespace fairlead::bench

int main(int argc, char** argv) { return fairlead::bench::Main(argc, argv); }
