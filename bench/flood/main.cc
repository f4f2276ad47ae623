// SPDX-License-Identifier: Apache-2.0
//
// flood_bench: ten million SYNs from as many sources through a NodePort, while
// ten thousand connections through the same NodePort go on talking. It fails
// when one of those is lost, or the daemon's memory grows.
//
//   outside ──(connections)──▶ router ──▶ node1:NodePort ──▶ pod on node1, "near"
//                              router ══(SYNs)══▶          ╰▶ pod on node2, "far"
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "base/status_macros.h"
#include "bench/flood/conversations.h"
#include "bench/flood/syn_flood.h"
#include "lab/lab.h"
#include "lab/network_namespace.h"
#include "lab/teardown.h"
#include "lab/topology.h"

namespace fairlead::bench {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);
// From the beginning of a round to the next: the flood is to have the rest of the machine.
constexpr auto kPause = std::chrono::seconds(1);
constexpr uint16_t kPort = 7002;
constexpr uint16_t kNearPort = 30702;
constexpr uint16_t kFarPort = 30703;
// What a daemon's heap may gain without having grown.
constexpr int64_t kRestlessKib = 8 << 10;

struct Settings {
  uint64_t syns = 10'000'000;
  size_t connections = 10'000;
  std::vector<std::string> daemon_flags;
  std::string only;  // a case's name; empty: all
  bool json = false;
};

struct Case {
  std::string backend;  // "near": on the node that is asked; "far": on another
  Family family;
  uint16_t node_port;

  std::string name() const {
    return fmt::format("{} {}", backend, family == Family::kIpv4 ? "IPv4" : "IPv6");
  }
};

struct Result {
  double seconds = 0;
  uint64_t exchanges = 0;  // while the flood was on, and once after it
  size_t lost = 0;
  std::string first_loss;
  int64_t resident_before = 0;  // KiB of node1's fairleadd
  int64_t resident_after = 0;
  lab::Object verdicts;  // of node1, what the flood has added
};

absl::StatusOr<lab::Finished> RunIn(const std::string& where, std::vector<std::string> argv) {
  FL_ASSIGN_OR_RETURN(lab::Finished done,
                      lab::Run({.argv = argv, .network_namespace = where}, kPatience));
  if (done.exit_code == 0) return done;
  return absl::InternalError(fmt::format("{} in {}: {}", fmt::join(argv, " "), where, done.err));
}

std::string Manifest(const std::string& name, uint16_t node_port) {
  return fmt::format(R"(
apiVersion: v1
kind: Service
metadata: {{name: {0}}}
spec:
  type: NodePort
  ipFamilyPolicy: RequireDualStack
  ipFamilies: [IPv4, IPv6]
  clusterIP: 10.96.7.{1}
  clusterIPs: [10.96.7.{1}, "fd00:96::7:{1}"]
  selector: {{app: {0}}}
  ports: [{{port: {2}, targetPort: {2}, nodePort: {3}}}]
)",
                     name, node_port % 100, kPort, node_port);
}

absl::StatusOr<int64_t> ResidentKib(const std::string& network_namespace) {
  for (const pid_t pid : lab::ProcessesIn({network_namespace})) {
    std::ifstream file(fmt::format("/proc/{}/status", pid));
    std::string name;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("Name:")) name = line.substr(6);
      if (line.starts_with("VmRSS:") && name == "fairleadd") return std::stoll(line.substr(6));
    }
  }
  return absl::NotFoundError("no fairleadd in " + network_namespace);
}

class Flood {
 public:
  static absl::StatusOr<Flood> Make(const Settings& settings) {
    Flood flood(settings);
    // The lab's tables are small; a case's connections are still remembered when the next begins.
    std::vector<std::string> flags = {
        fmt::format("--max-flows={}", 8 * settings.connections + 65536)};
    flags.insert(flags.end(), settings.daemon_flags.begin(), settings.daemon_flags.end());
    FL_ASSIGN_OR_RETURN(flood.lab_, lab::Lab::Up({.name = fmt::format("flood{}", ::getpid()),
                                                  .nodes = 2,
                                                  .daemon_flags = std::move(flags)}));
    FL_RETURN_IF_ERROR(flood.lab_->WriteManifest("near.yaml", Manifest("near", kNearPort)));
    FL_RETURN_IF_ERROR(flood.lab_->WriteManifest("far.yaml", Manifest("far", kFarPort)));
    for (const auto& [node, name] : {std::pair{"node1", "near"}, std::pair{"node2", "far"}}) {
      FL_ASSIGN_OR_RETURN(const lab::Pod pod, flood.lab_->AddPod(node, name, {{"app", name}}));
      flood.pods_[name] = pod.network_namespace();
    }
    // Nobody is there to hear the answers.
    const std::string router = lab::NamespaceName(flood.lab_->folder().lab(), "router");
    for (const char* sources : {kFloodSources4, kFloodSources6}) {
      FL_RETURN_IF_ERROR(RunIn(router, {"ip", "route", "add", "blackhole", sources}).status());
    }
    return flood;
  }

  absl::StatusOr<Result> Run(const Case& test) {
    const std::string node = lab_->node(1).network_namespace();
    FL_ASSIGN_OR_RETURN(const IpAddress address,
                        IpAddress::Parse(test.family == Family::kIpv4 ? lab_->node(1).ipv4()
                                                                      : lab_->node(1).ipv6()));
    FloodTarget target{.network_namespace = lab::NamespaceName(lab_->folder().lab(), "router"),
                       .device = "subnet1",
                       .address = {address, test.node_port}};
    FL_ASSIGN_OR_RETURN(target.mac, MacOf(node));
    FL_ASSIGN_OR_RETURN(const EchoServer server,
                        EchoServer::Open(pods_.at(test.backend), test.family, kPort));
    FL_ASSIGN_OR_RETURN(Conversations conversations,
                        Conversations::Open(lab::NamespaceName(lab_->folder().lab(), "outside"),
                                            target.address, settings_.connections));
    conversations.Round();

    Result result;
    FL_ASSIGN_OR_RETURN(result.resident_before, ResidentKib(node));
    FL_ASSIGN_OR_RETURN(const lab::Object before, Verdicts());
    absl::StatusOr<double> seconds = 0.0;
    std::atomic<bool> over = false;
    std::thread sender([&] {
      seconds = SendSyns(target, settings_.syns);
      over = true;
    });
    while (!over) {
      const auto next = lab::Clock::now() + kPause;
      conversations.Round();
      while (!over && lab::Clock::now() < next) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
    sender.join();
    FL_RETURN_IF_ERROR(seconds.status());
    if (lab::Interrupted()) return absl::CancelledError("interrupted");
    conversations.Round();

    result.seconds = *seconds;
    result.exchanges = conversations.exchanges();
    result.lost = conversations.lost();
    result.first_loss = conversations.first_loss();
    FL_ASSIGN_OR_RETURN(result.resident_after, ResidentKib(node));
    FL_ASSIGN_OR_RETURN(const lab::Object after, Verdicts());
    result.verdicts = Added(before, after);
    return result;
  }

 private:
  explicit Flood(const Settings& settings) : settings_(settings) {}

  static absl::StatusOr<MacAddress> MacOf(const std::string& node) {
    FL_ASSIGN_OR_RETURN(const lab::Finished shown,
                        RunIn(node, {"ip", "-json", "link", "show", "dev", "eth0"}));
    return ParseMac(lab::TextAt(lab::Object::parse(shown.out, nullptr, false), "/0/address"));
  }

  absl::StatusOr<lab::Object> Verdicts() const {
    FL_ASSIGN_OR_RETURN(
        const lab::Finished shown,
        lab_->Run("node1", {"fairlead", "drops", "--all", "-o", "json"}, kPatience));
    if (shown.exit_code != 0) return absl::InternalError("fairlead drops: " + shown.err);
    return lab::Object::parse(shown.out, nullptr, false);
  }

  static std::string KeyOf(const lab::Object& row) {
    return fmt::format("{} {} IPv{}", lab::TextAt(row, "/hook"), lab::TextAt(row, "/reason"),
                       lab::At(row, "/family").dump());
  }

  static lab::Object Added(const lab::Object& before, const lab::Object& after) {
    std::map<std::string, int64_t> packets;
    for (const lab::Object& row : after) packets[KeyOf(row)] += row.value("packets", int64_t{0});
    for (const lab::Object& row : before) packets[KeyOf(row)] -= row.value("packets", int64_t{0});
    lab::Object added = lab::Object::object();
    for (const auto& [key, count] : packets) {
      if (count != 0) added[key] = count;
    }
    return added;
  }

  Settings settings_;
  std::unique_ptr<lab::Lab> lab_;
  std::map<std::string, std::string> pods_;  // network namespaces, by name
};

void Print(const Settings& settings, const Case& test, const Result& result) {
  if (settings.json) {
    const lab::Object row = {{"case", test.name()},
                             {"syns", settings.syns},
                             {"seconds", result.seconds},
                             {"connections", settings.connections},
                             {"lost", result.lost},
                             {"exchanges", result.exchanges},
                             {"resident_kib_before", result.resident_before},
                             {"resident_kib_after", result.resident_after},
                             {"verdicts", result.verdicts}};
    fmt::print("{}\n", row.dump());
    return;
  }
  fmt::print(
      "{}: {} SYNs in {:.1f} s ({:.0f}/s); {} connections, {} lost, {} exchanges; "
      "fairleadd {} -> {} KiB\n",
      test.name(), settings.syns, result.seconds,
      static_cast<double>(settings.syns) / result.seconds, settings.connections, result.lost,
      result.exchanges, result.resident_before, result.resident_after);
  for (const auto& [key, packets] : result.verdicts.items()) {
    fmt::print("  {:<48} {}\n", key, packets.dump());
  }
}

absl::Status Judge(const Case& test, const Result& result) {
  if (result.lost != 0) {
    return absl::InternalError(fmt::format("{}: {} connections lost, the first: {}", test.name(),
                                           result.lost, result.first_loss));
  }
  if (result.resident_after - result.resident_before > kRestlessKib) {
    return absl::InternalError(fmt::format("{}: fairleadd has grown from {} to {} KiB", test.name(),
                                           result.resident_before, result.resident_after));
  }
  return absl::OkStatus();
}

absl::Status MakeRoomForSockets(size_t connections) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = connections + 1024;
  limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError("not allowed to open so many sockets");
}

absl::Status Run(const Settings& settings) {
  FL_RETURN_IF_ERROR(MakeRoomForSockets(settings.connections));
  FL_RETURN_IF_ERROR(lab::RemoveAbandonedLabs());
  FL_ASSIGN_OR_RETURN(Flood flood, Flood::Make(settings));
  absl::Status verdict;
  for (const auto& [backend, node_port] :
       {std::pair{"near", kNearPort}, std::pair{"far", kFarPort}}) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      const Case test{backend, family, node_port};
      if (!settings.only.empty() && settings.only != test.name()) continue;
      FL_ASSIGN_OR_RETURN(const Result result, flood.Run(test));
      Print(settings, test, result);
      std::fflush(stdout);  // the next case takes minutes
      verdict.Update(Judge(test, result));
    }
  }
  return verdict;
}

int Main(int argc, char** argv) {
  CLI::App app("flood_bench: SYNs through a NodePort, beside connections that go on talking");
  Settings settings;
  app.add_flag("--json", settings.json, "One object per case");
  app.add_option("--syns", settings.syns, "Per case, each from a source of its own")
      ->check(CLI::Range(uint64_t{1}, kMostSources))
      ->capture_default_str();
  app.add_option("--connections", settings.connections, "Per case")
      ->check(CLI::Range(1, 20'000))
      ->capture_default_str();
  app.add_option("--only", settings.only, "One case")
      ->check(CLI::IsMember({"near IPv4", "near IPv6", "far IPv4", "far IPv6"}));
  app.add_option("--daemon-flag", settings.daemon_flags,
                 "For every fairleadd: --daemon-flag=--x=y");
  CLI11_PARSE(app, argc, argv);
  lab::WatchForInterrupts();
  const absl::Status status = Run(settings);
  if (status.ok()) return 0;
  fmt::print(stderr, "flood_bench: {}\n", std::string(status.message()));
  return 1;
}

}  // namespace
}  // namespace fairlead::bench

int main(int argc, char** argv) { return fairlead::bench::Main(argc, argv); }
