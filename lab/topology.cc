// SPDX-License-Identifier: Apache-2.0
//
// See topology.h. Wires are laid by `ip -batch`: one process per namespace, and
// the commands read as one would type them.
#include "lab/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/status_macros.h"
#include "lab/network_namespace.h"
#include "lab/other_network.h"
#include "lab/process.h"

namespace fairlead::lab {
namespace {

absl::Status Ip(const std::string& network_namespace, const std::string& commands) {
  if (commands.empty()) return absl::OkStatus();
  FL_ASSIGN_OR_RETURN(const Finished finished, Run({.argv = {"ip", "-batch", "-"},
                                                    .network_namespace = network_namespace,
                                                    .input = commands},
                                                   std::chrono::seconds(20)));
  if (finished.exit_code == 0) return absl::OkStatus();
  return absl::InternalError(fmt::format("ip in {}: {}", network_namespace, finished.err));
}

int SubnetOf(const Fabric& fabric, int number) { return (number - 1) % fabric.subnets + 1; }

// `host` is written alike in both families: .11 and ::11.
std::string Ipv4In(int subnet, int host) { return fmt::format("172.31.{}.{}", subnet - 1, host); }
std::string Ipv6In(int subnet, int host) {
  if (subnet == 1) return fmt::format("fd00:31::{}", host);
  return fmt::format("fd00:31:0:{}::{}", subnet - 1, host);
}
constexpr int kRouter = 1;

bool RouterKnowsPods(const Fabric& fabric) {
  return fabric.routing == "native" && fabric.subnets > 1;
}

std::string FabricRoutes(const Fabric& fabric, int number, const char* verb) {
  if (!RouterKnowsPods(fabric)) return "";
  const std::vector<std::string> cidrs = NodePodCidrs(number);
  return fmt::format("route {0} {1} via {2}\nroute {0} {3} via {4}\n", verb, cidrs[0],
                     NodeIpv4(fabric, number), cidrs[1], NodeIpv6(fabric, number));
}

absl::Status MakeRouter(const std::string& router) {
  FL_RETURN_IF_ERROR(CreateNamespace(router));
  // Unlimited answers: a traceroute must not depend on the one before.
  for (const auto& [key, value] : {std::pair{"ipv4/ip_forward", "1"},
                                   {"ipv6/conf/all/forwarding", "1"},
                                   {"ipv4/icmp_ratelimit", "0"},
                                   {"ipv6/icmp/ratelimit", "0"}}) {
    FL_RETURN_IF_ERROR(SetSysctl(router, key, value));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLabName(const std::string& lab) {
  const bool good =
      !lab.empty() && lab.size() <= 32 && std::all_of(lab.begin(), lab.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("a lab's name is 1 to 32 small letters and digits, not '{}'", lab));
}

std::string NamespacePrefix(const std::string& lab) { return fmt::format("fl-{}-", lab); }
std::string NamespaceName(const std::string& lab, const std::string& member) {
  return NamespacePrefix(lab) + member;
}

absl::Status CheckFabric(const Fabric& fabric) {
  const auto one_of = [](const std::string& value, const std::vector<std::string>& values) {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  if (!one_of(fabric.routing, {"native", "vxlan", "auto"})) {
    return absl::InvalidArgumentError(
        fmt::format("routing is native, vxlan or auto, not '{}'", fabric.routing));
  }
  if (!one_of(fabric.underlay, {"ipv4", "ipv6"})) {
    return absl::InvalidArgumentError(
        fmt::format("the underlay is ipv4 or ipv6, not '{}'", fabric.underlay));
  }
  if (!one_of(fabric.network, {"fairlead", "bridge", "ptp"})) {
    return absl::InvalidArgumentError(
        fmt::format("network is fairlead, bridge or ptp, not '{}'", fabric.network));
  }
  if (fabric.is_other_network() && fabric.routing != "native") {
    return absl::InvalidArgumentError("tunnels are fairlead's: routing is native");
  }
  if (fabric.subnets < 1 || fabric.subnets > kMaxSubnets) {
    return absl::InvalidArgumentError(fmt::format("a lab has 1 to {} subnets", kMaxSubnets));
  }
  return absl::OkStatus();
}

std::string NodeName(int number) { return fmt::format("node{}", number); }
std::string NodeIpv4(const Fabric& fabric, int number) {
  return Ipv4In(SubnetOf(fabric, number), 10 + number);
}
std::string NodeIpv6(const Fabric& fabric, int number) {
  return Ipv6In(SubnetOf(fabric, number), 10 + number);
}
std::vector<std::string> NodePodCidrs(int number) {
  return {fmt::format("10.244.{}.0/24", number), fmt::format("fd00:10:244:{}::/64", number)};
}

absl::Status LayWires(const std::string& lab, const Fabric& fabric) {
  const std::string wire = NamespaceName(lab, "wire");
  const std::string router = NamespaceName(lab, "router");
  const std::string outside = NamespaceName(lab, "outside");
  FL_RETURN_IF_ERROR(CreateNamespace(wire));
  FL_RETURN_IF_ERROR(CreateNamespace(outside));
  FL_RETURN_IF_ERROR(MakeRouter(router));

  std::string wiring;
  std::string routing = fmt::format(
      "link set lo up\n"
      "link add world type veth peer name eth0 netns {}\n"
      "address add 203.0.113.1/24 dev world\n"
      "address add 2001:db8:113::1/64 dev world nodad\n"
      "link set world up\n",
      outside);
  for (int subnet = 1; subnet <= fabric.subnets; ++subnet) {
    // Without snooping the bridge is a plain wire: nobody has to announce
    // multicast groups before neighbour solicitations pass.
    wiring += fmt::format(
        "link add subnet{0} type bridge mcast_snooping 0\n"
        "link set subnet{0} up\n"
        "link add router{0} type veth peer name subnet{0} netns {1}\n"
        "link set router{0} master subnet{0} up\n",
        subnet, router);
    routing += fmt::format(
        "address add {1}/24 dev subnet{0}\n"
        "address add {2}/64 dev subnet{0} nodad\n"
        "link set subnet{0} up\n",
        subnet, Ipv4In(subnet, kRouter), Ipv6In(subnet, kRouter));
  }
  FL_RETURN_IF_ERROR(Ip(wire, wiring));
  FL_RETURN_IF_ERROR(Ip(router, routing));
  return Ip(outside, fmt::format("link set lo up\n"
                                 "address add {}/24 dev eth0\n"
                                 "address add {}/64 dev eth0 nodad\n"
                                 "link set eth0 up\n"
                                 "route add default via 203.0.113.1\n"
                                 "route add default via 2001:db8:113::1\n",
                                 kOutsideIpv4, kOutsideIpv6));
}

absl::Status PlugNode(const std::string& lab, const Fabric& fabric, int number) {
  const std::string node = NamespaceName(lab, NodeName(number));
  const int subnet = SubnetOf(fabric, number);
  FL_RETURN_IF_ERROR(CreateNamespace(node));
  FL_RETURN_IF_ERROR(
      Ip(NamespaceName(lab, "wire"), fmt::format("link add {0} type veth peer name eth0 netns {1}\n"
                                                 "link set {0} master subnet{2} up\n",
                                                 NodeName(number), node, subnet)));
  FL_RETURN_IF_ERROR(Ip(node, fmt::format("link set lo up\n"
                                          "address add {}/24 dev eth0\n"
                                          "address add {}/64 dev eth0 nodad\n"
                                          "link set eth0 up\n"
                                          "route add default via {}\n"
                                          "route add default via {}\n",
                                          NodeIpv4(fabric, number), NodeIpv6(fabric, number),
                                          Ipv4In(subnet, kRouter), Ipv6In(subnet, kRouter))));
  FL_RETURN_IF_ERROR(Ip(NamespaceName(lab, "router"), FabricRoutes(fabric, number, "add")));
  return fabric.is_other_network() ? JoinOtherNetwork(lab, fabric, number) : absl::OkStatus();
}

absl::Status UnplugNode(const std::string& lab, const Fabric& fabric, int number) {
  // Who takes the address next has another MAC, and no switch here tells the router so.
  absl::Status status = Ip(NamespaceName(lab, "router"),
                           FabricRoutes(fabric, number, "delete") +
                               fmt::format("neigh flush to {}\nneigh flush to {}\n",
                                           NodeIpv4(fabric, number), NodeIpv6(fabric, number)));
  // Not left to the namespace's end: its name must be free at once.
  status.Update(Ip(NamespaceName(lab, "wire"), fmt::format("link delete {}\n", NodeName(number))));
  status.Update(DeleteNamespace(NamespaceName(lab, NodeName(number))));
  return status;
}

}  // namespace fairlead::lab
