// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "loader/plan/maglev_table.h"

namespace fairlead {
namespace {

// The programs count ages in jiffies of 32 bits, up to 1000 a second.
constexpr absl::Duration kLongestTimeout = absl::Hours(10 * 24);

const std::map<std::string, Mode> kModes = {{"full", Mode::kFull}, {"proxy", Mode::kProxy}};
const std::map<std::string, plan::Routing> kRoutings = {{"native", plan::Routing::kNative},
                                                        {"vxlan", plan::Routing::kVxlan},
                                                        {"auto", plan::Routing::kAuto}};
const std::map<std::string, bool> kBalancerModes = {{"snat", false}, {"dsr", true}};
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

// As Go and Kubernetes write it; whole seconds are what the programs count.
void AddTimeout(CLI::App& app, const std::string& flag, uint32_t& seconds,
                const std::string& help) {
  app.add_option_function<std::string>(
         flag,
         [flag, &seconds](const std::string& text) {
           absl::Duration duration;
           if (!absl::ParseDuration(text, &duration) || duration < absl::Seconds(1) ||
               duration > kLongestTimeout) {
             throw CLI::ValidationError(
                 flag, fmt::format("must be a duration from 1s to {}, like 1h30m, is \"{}\"",
                                   absl::FormatDuration(kLongestTimeout), text));
           }
           seconds = static_cast<uint32_t>(absl::ToInt64Seconds(duration));
         },
         help)
      ->default_str(absl::FormatDuration(absl::Seconds(seconds)));
}

void AddConntrackFlags(CLI::App& app, Options& options) {
  AddTimeout(app, "--conntrack-tcp-timeout-established", options.timeouts.tcp_established,
             "a TCP connection without packets is forgotten after this time");
  AddTimeout(app, "--conntrack-tcp-timeout-close-wait", options.timeouts.tcp_half_closed,
             "the same, one side has closed");
  AddTimeout(app, "--conntrack-udp-timeout", options.timeouts.other_first,
             "a conversation that is not TCP and that nobody has answered yet");
  AddTimeout(app, "--conntrack-udp-timeout-stream", options.timeouts.other_conversation,
             "one that was answered");
}

void AddSizeFlags(CLI::App& app, WantedSizes& sizes) {
  const auto add = [&app](const char* flag, uint32_t& entries, const char* what) {
    app.add_option(
           flag, entries,
           fmt::format("{} per family; 0: by the node's memory. An existing table keeps its "
                       "size",
                       what))
        ->capture_default_str();
  };
  add("--max-flows", sizes.flows, "established flows");
  add("--max-services", sizes.services, "addresses and ports of Services");
  add("--max-backends", sizes.backends, "endpoints, counted once per port of a Service,");
}

void AddRoutingFlags(CLI::App& app, plan::RoutingOptions& routing) {
  AddChoice(app, "--routing", kRoutings, routing.routing,
            "how pods of other nodes are reached: native, vxlan, or auto, which is vxlan where no "
            "link is shared")
      ->default_str("native");
  AddChoice(app, "--underlay", kUnderlays, routing.underlay,
            "family of the node addresses that tunnels connect; auto: the first InternalIP's")
      ->default_str("auto");
  AddChoice(app, "--load-balancer-mode", kBalancerModes, routing.direct_return,
            "how clients outside reach a backend on another node: snat, with this node's address, "
            "or dsr: with their own, and answered from there; the same on every node")
      ->default_str("snat");
  app.add_option("--tunnel-port", routing.tunnel_port, "UDP port of the tunnels, on every node")
      ->capture_default_str();
  app.add_option("--vni", routing.vni, "VXLAN network identifier, on every node")
      ->capture_default_str();
}

std::vector<uint32_t> TableSizes() {
  std::vector<uint32_t> sizes = plan::MaglevSizes();
  sizes.insert(sizes.begin(), 0);
  return sizes;
}

void AddAlgorithmFlags(CLI::App& app, Options& options) {
  AddChoice(app, "--service-algorithm", plan::Algorithms(), options.service_algorithm,
            "how backends are chosen for Services without the annotation fairlead.dev/algorithm: "
            "random, maglev or least-connections")
      ->default_str("random");
  app.add_option("--maglev-table-size", options.maglev_table_size,
                 "entries of a Service's Maglev table, the same on every node; 0: a hundred or "
                 "more for each backend")
      ->check(CLI::IsMember(TableSizes()))
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
  app.add_option(
         "--nodeport-addresses", options.node_port_addresses,
         "where NodePorts are served: primary, localhost, all, address blocks; only blocks of "
         "one family: all addresses of the other")
      ->delimiter(',')
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

}  // namespace

void AddFlags(CLI::App& app, Options& options) {
  app.add_option("--node-name,--hostname-override", options.node_name,
                 "name of this node's Node object");
  AddChoice(app, "--mode", kModes, options.mode,
            "full: pod network and Services; proxy: Services only, for the pods of another CNI")
      ->default_str("full");
  app.add_option("--manifests", options.manifests,
                 "source of objects: a directory of YAML or JSON, followed live");
  app.add_option("--kubeconfig", options.kubeconfig,
                 "source of objects: the API server of this file's current context");
  app.add_flag("--in-cluster", options.in_cluster,
               "source of objects: the API server of the pod that runs fairleadd, as its service "
               "account");
  app.add_option(
         "--api-server", options.api_servers,
         "URLs of API servers, tried in turn, instead of the one that the kubeconfig or the "
         "pod's environment names")
      ->delimiter(',');
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
  AddAlgorithmFlags(app, options);
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
  app.add_option("--proc-sys", options.proc_sys,
                 "where the host's /proc/sys is mounted; a container's own is read-only")
      ->capture_default_str();
  app.add_option("--attach", options.attach, "how programs are attached: auto, tcx or clsact")
      ->check(CLI::IsMember({"auto", "tcx", "clsact"}))
      ->capture_default_str();
  app.add_option(
         "--xdp", options.xdp,
         "Services with backends elsewhere before the kernel makes packets: native (by the "
         "uplink's driver), generic (any device, little gain), auto (native where the uplink "
         "is hardware that can), off")
      ->check(CLI::IsMember({"auto", "native", "generic", "off"}))
      ->capture_default_str();
  app.add_flag("--adopt-kube-proxy", options.adopt_kube_proxy,
               "take over from a kube-proxy that ran here: its connections go on, its rules go");
  AddConntrackFlags(app, options);
  AddSizeFlags(app, options.sizes);
  app.add_option("--healthz-bind-address", options.healthz_bind_address,
                 "where /healthz and /livez are served; \"\" or 0: nowhere")
      ->capture_default_str();
  app.add_option("--metrics-bind-address", options.metrics_bind_address,
                 "where /metrics, /proxyMode, /configz, /flagz and /statusz are served; \"\" or 0: "
                 "nowhere")
      ->capture_default_str();
  app.add_option("--log-level", options.log_level, "how much to say on standard error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
}

std::vector<std::pair<std::string, std::string>> FlagsInUse(const CLI::App& app) {
  std::vector<std::pair<std::string, std::string>> flags;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_lnames().empty() ? "" : option->get_lnames().front();
    if (name.empty() || name == "help" || name == "version") continue;
    std::string value = option->get_default_str();
    if (option->count() != 0) value = CLI::detail::join(option->results(), ",");
    if (value.empty() && option->get_items_expected_max() == 0) value = "false";
    flags.emplace_back(name, value);
  }
  return flags;
}

}  // namespace fairlead
