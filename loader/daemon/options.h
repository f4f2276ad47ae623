// SPDX-License-Identifier: Apache-2.0
//
// What fairleadd was asked to do.
#ifndef FAIRLEAD_LOADER_DAEMON_OPTIONS_H_
#define FAIRLEAD_LOADER_DAEMON_OPTIONS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/kernel/map_set.h"
#include "loader/plan/algorithm.h"
#include "loader/plan/node_plan.h"
#include "loader/plan/reach_plan.h"

namespace fairlead {

// Seconds after which flows that nobody uses are forgotten.
struct FlowTimeouts {
  uint32_t tcp_established = 24 * 3600;
  uint32_t tcp_half_closed = 3600;
  uint32_t other_first = 30;  // all that is not TCP
  uint32_t other_conversation = 120;
};

// kube-proxy's ports, where a bind address names none.
inline constexpr uint16_t kHealthzPort = 10256;
inline constexpr uint16_t kMetricsPort = 10249;

// What this node's network is: all of it, or Services beside another CNI.
enum class Mode { kFull, kProxy };

struct Options {
  Mode mode = Mode::kFull;
  std::string node_name;
  // The source of objects: a directory, or an API server by any of the other three.
  std::string manifests;
  std::string kubeconfig;  // file
  bool in_cluster = false;
  std::vector<std::string> api_servers;  // URLs
  std::vector<std::string> devices;      // empty: found by their addresses and routes
  std::vector<std::string> pod_cidrs;    // these and node_ips: instead of the Node object's
  std::vector<std::string> node_ips;
  uint32_t mtu = 0;  // of pods; 0: what the uplinks carry
  bool masquerade = true;
  plan::RoutingOptions routing;
  std::string masquerade_ports;            // "A-B"; empty: chosen from what the host leaves
  std::string node_ports = "30000-32767";  // kube-apiserver's --service-node-port-range
  // Where NodePorts are served (loader/plan/node_port_addresses.h).
  std::vector<std::string> node_port_addresses = {"primary"};
  // Of Services that do not say (loader/plan/algorithm.h).
  plan::Algorithm service_algorithm = plan::Algorithm::kRandom;
  uint32_t maglev_table_size = 0;  // 0: by the number of backends
  bool adopt_kube_proxy = false;
  bool masquerade_nodes = false;
  std::vector<std::string> non_masquerade_cidrs;
  std::string non_masquerade_config;  // file in the format of ip-masq-agent
  std::vector<std::string> cluster_cidr;
  std::string state_dir = "/var/lib/fairlead";
  std::string run_dir = "/run/fairlead";
  std::string bpffs = "/sys/fs/bpf/fairlead";
  std::string cni_bin_dir;   // where the runtime looks for plugins; "": not installed there
  std::string cni_conf_dir;  // and for its networks
  std::string cni_binary;    // what is installed; "": fairlead-cni beside fairleadd
  std::string proc_sys = "/proc/sys";
  std::string cgroup = {};      // whose processes reach host ports; empty: the root of cgroup v2
  std::string attach = "auto";  // auto, tcx, clsact
  std::string xdp = "auto";     // auto, native, generic, off
  std::string log_level = "info";
  std::string healthz_bind_address = "0.0.0.0:10256";      // "", "0": not served
  std::string metrics_bind_address = "127.0.0.1:10249";    // the same
  std::vector<std::pair<std::string, std::string>> flags;  // all of them as given, to be shown
  std::string version;
  WantedSizes sizes;
  FlowTimeouts timeouts = {};

  bool has_api_server() const { return !kubeconfig.empty() || in_cluster || !api_servers.empty(); }
  bool has_guests() const { return mode == Mode::kProxy; }
  std::string pin_dir() const;    // maps of this layout
  std::string links_dir() const;  // links of the attached programs
  std::string socket_links_dir() const { return pin_dir() + "/socket_links"; }
  std::string cni_socket() const { return run_dir + "/cni.sock"; }
};

// InvalidArgument, naming the flag and the remedy: what must be there, is there.
absl::Status ValidateOptions(const Options& options);

// The same, and only of what is there.
absl::Status ValidateValues(const Options& options);

// --pod-cidrs and --node-ip. InvalidArgument as above.
absl::StatusOr<plan::OwnFlags> ReadOwnFlags(const Options& options);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_OPTIONS_H_
