// SPDX-License-Identifier: Apache-2.0
//
// fairleadd — the node daemon. Flags, then the controller, then an exit code;
// nothing else happens here.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "loader/daemon/cleanup.h"
#include "loader/daemon/controller.h"
#include "loader/daemon/node_claim.h"
#include "loader/daemon/options.h"

namespace fairlead {
namespace {

constexpr int kUsageError = 2;

const std::map<std::string, plan::Routing> kRoutings = {{"native", plan::Routing::kNative},
                                                        {"vxlan", plan::Routing::kVxlan},
                                                        {"auto", plan::Routing::kAuto}};
const std::map<std::string, std::optional<Family>> kUnderlays = {
    {"ipv4", Family::kIpv4}, {"ipv6", Family::kIpv6}, {"auto", std::nullopt}};

template <typename T>
CLI::Option* AddChoice(CLI::App& app, const std::string& flag,
                       const std::map<std::string, T>& words, T& value, const std::string& help) {
  std::vector<std::string> choices;
  for (const auto& [word, meaning] : words) choices.push_back(word);
  return app
      .add_option_function<std::string>(
          flag, [&words, &value](const std::string& word) { value = words.at(word); }, help)
      ->check(CLI::IsMember(choices));
}

void AddRoutingFlags(CLI::App& app, plan::RoutingOptions& routing) {
  AddChoice(app, "--routing", kRoutings, routing.routing,
            "how pods of other nodes are reached: native, vxlan, or auto, which is vxlan where no "
            "link is shared")
      ->default_str("native");
  AddChoice(app, "--underlay", kUnderlays, routing.underlay,
            "family of the node addresses that tunnels connect; auto: the first InternalIP's")
      ->default_str("auto");
  app.add_option("--tunnel-port", routing.tunnel_port, "UDP port of the tunnels, on every node")
      ->capture_default_str();
  app.add_option("--vni", routing.vni, "VXLAN network identifier, on every node")
      ->capture_default_str();
}

void AddMasqueradeFlags(CLI::App& app, Options& options) {
  app.add_option("--masquerade", options.masquerade, "pods reach the world with the node's address")
      ->capture_default_str();
  app.add_option("--masquerade-ports", options.masquerade_ports,
                 "source ports for that, A-B (default: the largest stretch that the host's "
                 "ephemeral, reserved and NodePort ranges leave)");
  app.add_option("--service-node-port-range", options.node_ports,
                 "ports of NodePort Services, never used as source ports")
      ->capture_default_str();
  app.add_flag("--masquerade-nodes", options.masquerade_nodes,
               "other nodes see the node's address, too");
  app.add_option("--non-masquerade-cidrs", options.non_masquerade_cidrs,
                 "where pods keep their addresses, blocks separated by commas")
      ->delimiter(',');
  app.add_option("--non-masquerade-config", options.non_masquerade_config,
                 "the same from a file in the format of ip-masq-agent, followed live");
  app.add_option("--cluster-cidr", options.cluster_cidr,
                 "blocks of all pods of the cluster: never masqueraded, also where no Node is "
                 "known yet")
      ->delimiter(',');
}

void AddFlags(CLI::App& app, Options& options) {
  app.add_option("--node-name", options.node_name, "name of this node's Node object");
  app.add_option("--manifests", options.manifests,
                 "state source: a directory of Kubernetes objects in YAML or JSON, followed live");
  app.add_option("--devices", options.devices,
                 "uplinks, separated by commas (default: devices with an address of the Node "
                 "object or a default route)")
      ->delimiter(',');
  app.add_option("--pod-cidrs", options.pod_cidrs,
                 "address blocks for pods, instead of the Node object's of the same family")
      ->delimiter(',');
  app.add_option("--node-ip", options.node_ips,
                 "addresses of this node, instead of the Node object's of the same family")
      ->delimiter(',');
  app.add_option("--mtu", options.mtu,
                 "MTU of pods (default: 0, as much as the uplinks carry, followed live)")
      ->capture_default_str();
  AddMasqueradeFlags(app, options);
  AddRoutingFlags(app, options.routing);
  app.add_option("--state-dir", options.state_dir, "what must survive a reboot")
      ->capture_default_str();
  app.add_option("--run-dir", options.run_dir, "the CNI socket")->capture_default_str();
  app.add_option("--bpffs", options.bpffs, "where maps and links are pinned; mounted if need be")
      ->capture_default_str();
  app.add_option("--cni-bin-dir", options.cni_bin_dir,
                 "installs fairlead-cni there once ready, as in /opt/cni/bin");
  app.add_option("--cni-conf-dir", options.cni_conf_dir,
                 "installs 10-fairlead.conflist there once ready, as in /etc/cni/net.d");
  app.add_option("--cni-binary", options.cni_binary,
                 "what --cni-bin-dir gets (default: fairlead-cni beside fairleadd)");
  app.add_option("--cgroup", options.cgroup,
                 "cgroup v2 directory whose processes reach host ports of this node as if they "
                 "came from outside, 127.0.0.1 too (default: the hierarchy's root)");
  app.add_option("--attach", options.attach, "how programs are attached: auto, tcx or clsact")
      ->check(CLI::IsMember({"auto", "tcx", "clsact"}))
      ->capture_default_str();
  app.add_option("--max-flows", options.sizes.flows,
                 "established flows per family; an existing table keeps its size")
      ->capture_default_str();
  app.add_option("--log-level", options.log_level, "how much to say on standard error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
}

int Fail(const absl::Status& status) {
  LogError("{}", std::string(status.message()));
  return EXIT_FAILURE;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app{"fairleadd: pod network and service proxy of a Kubernetes node"};
  app.set_version_flag("--version", FAIRLEAD_VERSION);
  AddFlags(app, options);
  app.fallthrough();
  const CLI::App* cleanup =
      app.add_subcommand("cleanup", "remove everything fairlead ever made on this node, and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsageError;
  }
  InitLog("fairleadd", options.log_level);

  const absl::StatusOr<NodeClaim> claim = NodeClaim::Take(options.state_dir);
  if (!claim.ok()) return Fail(claim.status());
  if (cleanup->parsed()) {
    const absl::Status status = CleanUp(options);
    return status.ok() ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  if (const absl::Status status = ValidateOptions(options); !status.ok()) {
    LogError("{}", std::string(status.message()));
    return kUsageError;
  }
  const absl::StatusOr<std::unique_ptr<Controller>> controller = Controller::Create(options);
  if (!controller.ok()) return Fail(controller.status());
  const absl::Status status = (*controller)->Run();
  return status.ok() ? EXIT_SUCCESS : Fail(status);
}

}  // namespace
}  // namespace fairlead

int main(int argc, char** argv) {
  try {
    return fairlead::Main(argc, argv);
  } catch (const std::exception& error) {
    // A library threw where we did not expect it. The dataplane carries on; the
    // service manager starts us again.
    std::fprintf(stderr, "fairleadd: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
