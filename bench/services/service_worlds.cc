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

constexpr uint16_t kPort = 7777;

IpAddress Ipv4(const std::string& text) { return IpAddress::Parse(text).value_or(IpAddress()); }

Place PlaceOf(const std::string& network_namespace, const std::string& ipv4) {
  return {network_namespace, {Ipv4(ipv4), kPort}};
}

class FairleadWorld final : public ServiceWorld {
 public:
  static absl::StatusOr<std::unique_ptr<ServiceWorld>> Make(std::unique_ptr<lab::Lab> lab,
                                                            size_t services, size_t endpoints) {
    std::vector<lab::Pod> pods;
    for (const char* name : {"client", "one", "two"}) {
      FL_ASSIGN_OR_RETURN(const lab::Pod pod, lab->AddPod("node1", name, {{"app", name}}));
      pods.push_back(pod);
    }
    const std::array<Place, 2> backends = {PlaceOf(pods[1].network_namespace(), pods[1].ipv4()),
                                           PlaceOf(pods[2].network_namespace(), pods[2].ipv4())};
    return std::unique_ptr<ServiceWorld>(new FairleadWorld(
        std::move(lab), pods[0].network_namespace(), backends, services, endpoints));
  }

  // default/bench comes last: who knows it knows the others.
  absl::Status FirstSync(lab::Duration /*patience*/) override {
    const Files files = MakeManifests(cluster_);
    for (auto file = files.rbegin(); file != files.rend(); ++file) {
      FL_RETURN_IF_ERROR(Write(file->first, file->second));
    }
    return absl::OkStatus();
  }

  absl::Status Switch(size_t backend, lab::Duration /*patience*/) override {
    bench().backends = {BackendAt(backend)};
    return Write(kBenchSliceFile, SliceManifest(bench()));
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
                                                            Mode mode, size_t services,
                                                            size_t endpoints) {
    FL_RETURN_IF_ERROR(lab::SetSysctl(lab->node(1).network_namespace(), "ipv4/ip_forward", "1"));
    std::vector<std::string> pods;
    for (const int host : {2, 3, 4}) {
      FL_ASSIGN_OR_RETURN(const std::string pod, PlugRoutedPod(*lab, 1, host));
      pods.push_back(pod);
    }
    const std::array<Place, 2> backends = {PlaceOf(pods[1], "10.244.1.3"),
                                           PlaceOf(pods[2], "10.244.1.4")};
    return std::unique_ptr<ServiceWorld>(
        new KubeProxyWorld(std::move(lab), mode, pods[0], backends, services, endpoints));
  }

  absl::Status FirstSync(lab::Duration patience) override {
    return Load(mode_ == Mode::kNftables ? NftablesRules(cluster_) : IptablesRules(cluster_),
                patience);
  }

  absl::Status Switch(size_t backend, lab::Duration patience) override {
    const std::vector<Backend> before =
        std::exchange(bench().backends, std::vector<Backend>{BackendAt(backend)});
    return Load(mode_ == Mode::kNftables ? NftablesChange(cluster_, bench(), before)
                                         : IptablesChange(cluster_, bench()),
                patience);
  }

 private:
  KubeProxyWorld(std::unique_ptr<lab::Lab> lab, Mode mode, std::string client,
                 std::array<Place, 2> backends, size_t services, size_t endpoints)
      : ServiceWorld(std::move(lab), std::move(client), std::move(backends), services, endpoints),
        mode_(mode) {}

  absl::Status Load(const std::string& rules, lab::Duration patience) {
    std::vector<std::string> argv = {"nft", "-f", "-"};
    if (mode_ == Mode::kIptables) argv = {"iptables-nft-restore", "--noflush"};
    if (mode_ == Mode::kIptablesLegacy) argv = {"iptables-legacy-restore", "--noflush"};
    return Feed(node().network_namespace(), argv, rules, patience);
  }

  Mode mode_;
};

}  // namespace

ServiceWorld::ServiceWorld(std::unique_ptr<lab::Lab> lab, std::string client,
                           std::array<Place, 2> backends, size_t services, size_t endpoints)
    : lab_(std::move(lab)), client_(std::move(client)), backends_(std::move(backends)) {
  cluster_ = MakeCluster(services, endpoints, node().name(), Ipv4(node().ipv4()), BackendAt(0));
  const auto bench =
      std::ranges::find(cluster_.services, MakeBenchService({}).name, &Service::name);
  bench_ = static_cast<size_t>(bench - cluster_.services.begin());
}

Backend ServiceWorld::BackendAt(size_t number) const {
  return {.endpoint = backends_.at(number).endpoint, .node = node().name()};
}

Service& ServiceWorld::bench() { return cluster_.services.at(bench_); }

Place ServiceWorld::InsideClient() const { return {client_, MakeBenchService({}).front}; }

Place ServiceWorld::OutsideClient() const {
  return {lab::NamespaceName(lab_->folder().lab(), "outside"),
          {cluster_.node_address, MakeBenchService({}).node_port}};
}

std::vector<std::string> WorldNames() {
  return {"fairlead", "nftables", "iptables", "iptables-legacy"};
}

absl::StatusOr<std::unique_ptr<ServiceWorld>> MakeServiceWorld(const std::string& name,
                                                               size_t services, size_t endpoints) {
  std::string lab_name = fmt::format("bench{}{}x{}", name, services, ::getpid());
  std::erase(lab_name, '-');
  lab::LabOptions options = {.name = lab_name, .nodes = 1};
  if (name == "fairlead") {
    // As many as a node has when nobody says anything else.
    options.daemon_flags = {"--max-flows=262144"};
  } else {
    options.start_daemons = false;
  }
  FL_ASSIGN_OR_RETURN(std::unique_ptr<lab::Lab> lab, lab::Lab::Up(options));
  if (name == "fairlead") return FairleadWorld::Make(std::move(lab), services, endpoints);
  const Mode mode = name == "nftables"   ? Mode::kNftables
                    : name == "iptables" ? Mode::kIptables
                                         : Mode::kIptablesLegacy;
  return KubeProxyWorld::Make(std::move(lab), mode, services, endpoints);
}

}  // namespace fairlead::bench
