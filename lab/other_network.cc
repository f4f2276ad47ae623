// SPDX-License-Identifier: Apache-2.0
//
// See other_network.h.
#include "lab/other_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/status_macros.h"
#include "lab/network_namespace.h"
#include "lab/process.h"

namespace fairlead::lab {
namespace {

constexpr char kPlugins[] = "/usr/lib/cni";  // Debian's containernetworking-plugins

// What passes the cluster's border gets the node's address. Conntrack must follow what it
// sees: firewalls drop what it does not understand.
constexpr char kRules[] = R"(
table inet other_network {
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr 10.244.0.0/16 ip daddr != 10.244.0.0/16 masquerade
    ip6 saddr fd00:10:244::/48 ip6 daddr != fd00:10:244::/48 masquerade
  }
  chain forward {
    type filter hook forward priority filter
    ct state invalid counter drop
  }
}
)";

absl::Status RunIn(const std::string& network_namespace, const std::vector<std::string>& argv,
                   const std::string& input) {
  FL_ASSIGN_OR_RETURN(const Finished finished,
                      Run({.argv = argv, .network_namespace = network_namespace, .input = input},
                          std::chrono::seconds(20)));
  if (finished.exit_code == 0) return absl::OkStatus();
  return absl::InternalError(
      fmt::format("{} in {}: {}", argv.front(), network_namespace, finished.err));
}

std::string RoutesTo(const Fabric& fabric, int node) {
  const std::vector<std::string> blocks = NodePodCidrs(node);
  return fmt::format("route replace {} via {}\nroute replace {} via {}\n", blocks[0],
                     NodeIpv4(fabric, node), blocks[1], NodeIpv6(fabric, node));
}

}  // namespace

std::string OtherPlugin(const Fabric& fabric) {
  return fmt::format("{}/{}", kPlugins, fabric.network);
}

Object OtherConfiguration(const Fabric& fabric, int node, const std::string& data_folder) {
  const std::vector<std::string> blocks = NodePodCidrs(node);
  Object ranges = Object::array();
  for (const std::string& block : blocks) {
    ranges.push_back(Object::array({Object{{"subnet", block}}}));
  }
  Object configuration = {
      {"cniVersion", "1.0.0"},
      {"name", "other"},
      {"type", fabric.network},
      {"ipam",
       {{"type", "host-local"},
        {"dataDir", data_folder},
        {"ranges", ranges},
        {"routes", Object::array({Object{{"dst", "0.0.0.0/0"}}, Object{{"dst", "::/0"}}})}}}};
  if (fabric.network == "bridge") {
    configuration["bridge"] = "cni0";
    configuration["isGateway"] = true;
  }
  return configuration;
}

absl::Status JoinOtherNetwork(const std::string& lab, const Fabric& fabric, int node) {
  const std::string here = NamespaceName(lab, NodeName(node));
  for (const char* key : {"ipv4/ip_forward", "ipv6/conf/all/forwarding"}) {
    FL_RETURN_IF_ERROR(SetSysctl(here, key, "1"));
  }
  FL_RETURN_IF_ERROR(RunIn(here, {"nft", "-f", "-"}, kRules));
  if (fabric.subnets > 1) return absl::OkStatus();  // the router knows the ways
  const std::vector<std::string> present = NamespacesWithPrefix(NamespacePrefix(lab));
  for (int other = 1; other <= kMaxNodes; ++other) {
    const std::string there = NamespaceName(lab, NodeName(other));
    if (other == node || std::ranges::find(present, there) == present.end()) continue;
    FL_RETURN_IF_ERROR(RunIn(here, {"ip", "-batch", "-"}, RoutesTo(fabric, other)));
    FL_RETURN_IF_ERROR(RunIn(there, {"ip", "-batch", "-"}, RoutesTo(fabric, node)));
  }
  return absl::OkStatus();
}

}  // namespace fairlead::lab
