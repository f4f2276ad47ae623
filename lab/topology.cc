// SPDX-License-Identifier: Apache-2.0
//
// See topology.h. Wires are laid by `ip -batch`: one process per namespace, and
// the commands read as one would type them.
#include "lab/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/status_macros.h"
#include "lab/network_namespace.h"
#include "lab/process.h"

namespace fairlead::lab {
namespace {

absl::Status Ip(const std::string& network_namespace, const std::string& commands) {
  FL_ASSIGN_OR_RETURN(const Finished finished, Run({.argv = {"ip", "-batch", "-"},
                                                    .network_namespace = network_namespace,
                                                    .input = commands},
                                                   std::chrono::seconds(20)));
  if (finished.exit_code == 0) return absl::OkStatus();
  return absl::InternalError(fmt::format("ip in {}: {}", network_namespace, finished.err));
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

std::string NodeName(int number) { return fmt::format("node{}", number); }
std::string NodeIpv4(int number) { return fmt::format("172.31.0.{}", 10 + number); }
std::string NodeIpv6(int number) { return fmt::format("fd00:31::{}", 10 + number); }
std::vector<std::string> NodePodCidrs(int number) {
  return {fmt::format("10.244.{}.0/24", number), fmt::format("fd00:10:244:{}::/64", number)};
}

absl::Status LayWires(const std::string& lab, int nodes) {
  const std::string wire = NamespaceName(lab, "wire");
  const std::string outside = NamespaceName(lab, "outside");
  FL_RETURN_IF_ERROR(CreateNamespace(wire));
  FL_RETURN_IF_ERROR(CreateNamespace(outside));
  // Without snooping the bridge is a plain wire: nobody has to announce
  // multicast groups before neighbour solicitations pass.
  std::string wiring = "link add br0 type bridge mcast_snooping 0\nlink set br0 up\n";
  const auto plug = [&wiring, &lab](const std::string& member) {
    wiring += fmt::format("link add {0} type veth peer name eth0 netns {1}\n", member,
                          NamespaceName(lab, member));
    wiring += fmt::format("link set {0} master br0 up\n", member);
  };
  plug("outside");
  for (int number = 1; number <= nodes; ++number) {
    FL_RETURN_IF_ERROR(CreateNamespace(NamespaceName(lab, NodeName(number))));
    plug(NodeName(number));
  }
  FL_RETURN_IF_ERROR(Ip(wire, wiring));

  FL_RETURN_IF_ERROR(Ip(outside, fmt::format("link set lo up\n"
                                             "address add {}/32 dev lo\n"
                                             "address add {}/128 dev lo\n"
                                             "address add 172.31.0.1/24 dev eth0\n"
                                             "address add fd00:31::1/64 dev eth0 nodad\n"
                                             "link set eth0 up\n",
                                             kOutsideIpv4, kOutsideIpv6)));
  for (int number = 1; number <= nodes; ++number) {
    FL_RETURN_IF_ERROR(
        Ip(NamespaceName(lab, NodeName(number)), fmt::format("link set lo up\n"
                                                             "address add {}/24 dev eth0\n"
                                                             "address add {}/64 dev eth0 nodad\n"
                                                             "link set eth0 up\n"
                                                             "route add default via 172.31.0.1\n"
                                                             "route add default via fd00:31::1\n",
                                                             NodeIpv4(number), NodeIpv6(number))));
  }
  return absl::OkStatus();
}

}  // namespace fairlead::lab
