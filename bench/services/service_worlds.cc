// SPDX-License-Identifier: Apache-2.0
#include "bench/services/service_worlds.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/status_macros.h"
#include "bench/network/worlds.h"
#include "bench/services/kube_proxy_rules.h"
#include "lab/files.h"
#include "lab/network_namespace.h"
#include "lab/topology.h"

namespace fairlead::bench {
namespace {

using lab::Clock;

constexpr int kFirstPod = 2;  // of the node's block; the node may be 1

// One of two addresses of the lab, which has both families everywhere.
IpAddress OneOf(Family family, const std::string& ipv4, const std::string& ipv6) {
  return IpAddress::Parse(family == Family::kIpv4 ? ipv4 : ipv6).value();
}

class FairleadWorld final : public ServiceWorld {
 public:
  static absl::StatusOr<std::unique_ptr<ServiceWorld>> Make(std::unique_ptr<lab::Lab> lab,
                                                            const ClusterSize& size) {
    std::array<Place, 3> pods;
    const std::array<const char*, 3> names = {"client", "one", "two"};
    for (size_t i = 0; i < pods.size(); ++i) {
      FL_ASSIGN_OR_RETURN(const lab::Pod pod, lab->AddPod("node1", names[i], {{"app", names[i]}}));
      pods[i] = {pod.network_namespace(), {OneOf(size.family, pod.ipv4(), pod.ipv6()), kBenchPort}};
    }
    return std::unique_ptr<ServiceWorld>(new FairleadWorld(std::move(lab), pods, size));
  }

  // default/bench comes last: who knows it knows the others.
  absl::StatusOr<Clock::time_point> FirstSync(lab::Duration /*patience*/) override {
    const Files files = MakeManifests(cluster_);
    const Clock::time_point begin = Clock::now();
    for (auto file = files.rbegin(); file != files.rend(); ++file) {
      FL_RETURN_IF_ERROR(Write(file->first, file->second));
    }
    return begin;
  }

  absl::StatusOr<Clock::time_point> Switch(size_t backend, lab::Duration /*patience*/) override {
    bench().backends = {BackendAt(backend)};
    const std::string slice = SliceManifest(bench());
    const Clock::time_point begin = Clock::now();
    FL_RETURN_IF_ERROR(Write(kBenchSliceFile, slice));
    return begin;
  }

 private:
  absl::Status Write(const std::string& file, const std::string& text) const {
    return lab::WriteFile(lab_->manifests().path() + "/" + file, text);
  }

  using ServiceWorld::ServiceWorld;
};

enum class Mode { kNftables, kIptables, kIptablesLegacy };

class KubeProxyWorld final : public ServiceWorld {
 public:
  static absl::StatusOr<std::unique_ptr<ServiceWorld>> Make(std::unique_ptr<lab::Lab> lab,
                                                            Mode mode, const ClusterSize& size) {
    const std::string home = lab->node(1).network_namespace();
    FL_RETURN_IF_ERROR(lab::SetSysctl(home, "ipv4/ip_forward", "1"));
    FL_RETURN_IF_ERROR(lab::SetSysctl(home, "ipv6/conf/all/forwarding", "1"));
    std::array<Place, 3> pods;
    for (size_t i = 0; i < pods.size(); ++i) {
      const int host = kFirstPod + static_cast<int>(i);
      FL_ASSIGN_OR_RETURN(const std::string pod, PlugRoutedPod(*lab, 1, host));
      pods[i] = {pod,
                 {OneOf(size.family, fmt::format("10.244.1.{}", host),
                        fmt::format("fd00:10:244:1::{}", host)),
                  kBenchPort}};
    }
    return std::unique_ptr<ServiceWorld>(new KubeProxyWorld(std::move(lab), mode, pods, size));
  }

  absl::StatusOr<Clock::time_point> FirstSync(lab::Duration patience) override {
    return Load(mode_ == Mode::kNftables ? NftablesRules(cluster_) : IptablesRules(cluster_),
                patience);
  }

  absl::StatusOr<Clock::time_point> Switch(size_t backend, lab::Duration patience) override {
    const std::vector<Backend> before =
        std::exchange(bench().backends, std::vector<Backend>{BackendAt(backend)});
    return Load(mode_ == Mode::kNftables ? NftablesChange(cluster_, bench(), before)
                                         : IptablesChange(cluster_, bench()),
                patience);
  }

 private:
  KubeProxyWorld(std::unique_ptr<lab::Lab> lab, Mode mode, const std::array<Place, 3>& pods,
                 const ClusterSize& size)
      : ServiceWorld(std::move(lab), pods, size), mode_(mode) {}

  absl::StatusOr<Clock::time_point> Load(const std::string& rules, lab::Duration patience) const {
    const Clock::time_point begin = Clock::now();
    std::vector<std::string> argv = {"nft", "-f", "-"};
    if (mode_ != Mode::kNftables) {
      argv = {fmt::format("{}-{}-restore",
                          cluster_.family() == Family::kIpv4 ? "iptables" : "ip6tables",
                          mode_ == Mode::kIptables ? "nft" : "legacy"),
              "--noflush"};
    }
    FL_RETURN_IF_ERROR(Feed(node().network_namespace(), argv, rules, patience));
    return begin;
  }

  Mode mode_;
};

}  // namespace

ServiceWorld::ServiceWorld(std::unique_ptr<lab::Lab> lab, const std::array<Place, 3>& pods,
                           const ClusterSize& size)
    : lab_(std::move(lab)), client_(pods[0].network_namespace), backends_({pods[1], pods[2]}) {
  cluster_ = MakeCluster(size.services, size.endpoints, node().name(),
                         OneOf(size.family, node().ipv4(), node().ipv6()), BackendAt(0));
  const auto bench = std::ranges::find(cluster_.services, kBenchNodePort, &Service::node_port);
  bench_ = static_cast<size_t>(bench - cluster_.services.begin());
}

Backend ServiceWorld::BackendAt(size_t number) const {
  return {.endpoint = backends_.at(number).endpoint, .node = node().name()};
}

Place ServiceWorld::InsideClient() const { return {client_, cluster_.services.at(bench_).front}; }

Place ServiceWorld::OutsideClient() const {
  return {lab::NamespaceName(lab_->folder().lab(), "outside"),
          {cluster_.node_address, kBenchNodePort}};
}

std::vector<std::string> WorldNames() {
  return {"fairlead", "nftables", "iptables", "iptables-legacy"};
}

absl::StatusOr<std::unique_ptr<ServiceWorld>> MakeServiceWorld(const std::string& name,
                                                               const ClusterSize& size) {
  std::string lab_name = fmt::format("bench{}{}x{}", name, size.services, ::getpid());
  std::erase(lab_name, '-');
  lab::LabOptions options = {.name = lab_name, .nodes = 1};
  if (name == "fairlead") {
    // As many as a node has when nobody says anything else.
    options.daemon_flags = {"--max-flows=262144"};
  } else {
    options.start_daemons = false;
  }
  FL_ASSIGN_OR_RETURN(std::unique_ptr<lab::Lab> lab, lab::Lab::Up(options));
  if (name == "fairlead") return FairleadWorld::Make(std::move(lab), size);
  const Mode mode = name == "nftables"   ? Mode::kNftables
                    : name == "iptables" ? Mode::kIptables
                                         : Mode::kIptablesLegacy;
  return KubeProxyWorld::Make(std::move(lab), mode, size);
}

}  // namespace fairlead::bench
