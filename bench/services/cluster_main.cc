// SPDX-License-Identifier: Apache-2.0
//
// fairlead-cluster: the manifests of a large cluster, for measurements of one's
// own: `fairlead-lab up --manifests FOLDER`, `fairleadd --manifests FOLDER`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "bench/services/cluster.h"
#include "lab/files.h"

namespace fairlead::bench {
namespace {

absl::Status Write(const Cluster& cluster, const std::string& folder) {
  if (absl::Status made = lab::MakeDirectories(folder); !made.ok()) return made;
  for (const auto& [file, text] : MakeManifests(cluster)) {
    if (absl::Status written = lab::WriteFile(folder + "/" + file, text); !written.ok()) {
      return written;
    }
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  CLI::App app("fairlead-cluster: manifests of many Services and EndpointSlices");
  size_t services = 1000, endpoints = 10;
  bool ipv6 = false;
  std::string folder, node = "node1";
  app.add_option("folder", folder, "Where they go; made if it is not there")->required();
  app.add_flag("--ipv6", ipv6, "A cluster of IPv6 instead of IPv4");
  app.add_option("--services", services, "How many Services, default/bench included")
      ->check(CLI::Range(size_t{1}, kMaxServices))
      ->capture_default_str();
  app.add_option("--endpoints", endpoints, "How many endpoints each of them has")
      ->check(CLI::Range(size_t{1}, kMaxEndpoints))
      ->capture_default_str();
  app.add_option("--node", node, "The node that has one endpoint of each")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  // The first pod that a lab's node1 gets.
  const IpAddress pod = IpAddress::Parse(ipv6 ? "fd00:10:244:1::2" : "10.244.1.2").value();
  const Backend backend = {.endpoint = {pod, kBenchPort}, .node = node};
  const Cluster cluster =
      MakeCluster(services, endpoints, node, IpAddress::Unspecified(pod.family()), backend);
  const absl::Status status = Write(cluster, folder);
  if (status.ok()) return 0;
  fmt::print(stderr, "fairlead-cluster: {}\n", std::string(status.message()));
  return 1;
}

}  // namespace
}  // namespace fairlead::bench

int main(int argc, char** argv) { return fairlead::bench::Main(argc, argv); }
