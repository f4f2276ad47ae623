// SPDX-License-Identifier: Apache-2.0
//
// flannel's VXLAN backend with the bridge plugin, as they leave a node: devices,
// addresses, static entries and rules are those of flannel 0.26 with IPv4 and
// IPv6. Bridged packets do not visit iptables (no bridge-nf-call-iptables), which
// spares the bridge what many clusters make it pay.
#include <fmt/format.h>
#include <unistd.h>

#include "base/status_macros.h"
#include "bench/network/worlds.h"
#include "lab/network_namespace.h"
#include "lab/topology.h"

namespace fairlead::bench {
namespace {

// Inner MACs; both ends must know them, because nobody learns.
std::string Vtep4(int node) { return fmt::format("0a:58:0a:f4:0{}:00", node); }
std::string Vtep6(int node) { return fmt::format("0a:58:0a:f6:0{}:00", node); }

std::string OverlayCommands(const lab::Lab& lab, int node, int other) {
  return fmt::format(
      "link add flannel.1 address {0} type vxlan id 1 local {1} dev eth0 dstport 8472 nolearning\n"
      "link add flannel-v6.1 address {2} type vxlan id 1 local {3} dev eth0 dstport 8472 "
      "nolearning udp6zerocsumrx\n"
      "address add 10.244.{4}.0/32 dev flannel.1\n"
      "address add fd00:10:244:{4}::/128 dev flannel-v6.1 nodad\n"
      "link set flannel.1 mtu 1450 up\n"
      "link set flannel-v6.1 mtu 1430 up\n"
      "neighbour add 10.244.{5}.0 lladdr {6} dev flannel.1 nud permanent\n"
      "neighbour add fd00:10:244:{5}:: lladdr {7} dev flannel-v6.1 nud permanent\n"
      "route add 10.244.{5}.0/24 via 10.244.{5}.0 dev flannel.1 onlink\n"
      "route add fd00:10:244:{5}::/64 via fd00:10:244:{5}:: dev flannel-v6.1 onlink\n"
      "link add cni0 type bridge\n"
      "address add 10.244.{4}.1/24 dev cni0\n"
      "address add fd00:10:244:{4}::1/64 dev cni0 nodad\n"
      "link set cni0 mtu 1450 up\n",
      Vtep4(node), lab.node(node).ipv4(), Vtep6(node), lab.node(node).ipv6(), node, other,
      Vtep4(other), Vtep6(other));
}

std::string ForwardingEntries(const lab::Lab& lab, int other) {
  return fmt::format(
      "fdb append {} dev flannel.1 dst {} self permanent\n"
      "fdb append {} dev flannel-v6.1 dst {} self permanent\n",
      Vtep4(other), lab.node(other).ipv4(), Vtep6(other), lab.node(other).ipv6());
}

// What iptables-restore reads; `own` and `cluster` are of one family.
std::string Rules(const std::string& own, const std::string& cluster,
                  const std::string& multicast) {
  constexpr char kMasquerade[] = "-m comment --comment \"flanneld masq\"";
  constexpr char kForward[] = "-m comment --comment \"flanneld forward\"";
  return fmt::format(
      "*filter\n"
      ":FLANNEL-FWD - [0:0]\n"
      "-A FORWARD {4} -j FLANNEL-FWD\n"
      "-A FLANNEL-FWD -s {1} {4} -j ACCEPT\n"
      "-A FLANNEL-FWD -d {1} {4} -j ACCEPT\n"
      "COMMIT\n"
      "*nat\n"
      ":FLANNEL-POSTRTG - [0:0]\n"
      "-A POSTROUTING {3} -j FLANNEL-POSTRTG\n"
      "-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 {3} -j RETURN\n"
      "-A FLANNEL-POSTRTG -s {0} -d {1} {3} -j RETURN\n"
      "-A FLANNEL-POSTRTG -s {1} -d {0} {3} -j RETURN\n"
      "-A FLANNEL-POSTRTG ! -s {1} -d {0} {3} -j RETURN\n"
      "-A FLANNEL-POSTRTG -s {1} ! -d {2} {3} -j MASQUERADE --random-fully\n"
      "-A FLANNEL-POSTRTG ! -s {1} -d {1} {3} -j MASQUERADE --random-fully\n"
      "COMMIT\n",
      own, cluster, multicast, kMasquerade, kForward);
}

absl::Status MakeNode(const lab::Lab& lab, int node) {
  const int other = 3 - node;
  const std::string home = lab.node(node).network_namespace();
  FL_RETURN_IF_ERROR(lab::SetSysctl(home, "ipv4/ip_forward", "1"));
  FL_RETURN_IF_ERROR(lab::SetSysctl(home, "ipv6/conf/all/forwarding", "1"));
  FL_RETURN_IF_ERROR(Ip(home, OverlayCommands(lab, node, other)));
  FL_RETURN_IF_ERROR(Feed(home, {"bridge", "-batch", "-"}, ForwardingEntries(lab, other)));
  const std::vector<std::string> own = lab::NodePodCidrs(node);
  FL_RETURN_IF_ERROR(
      Feed(home, {"iptables-restore"}, Rules(own[0], "10.244.0.0/16", "224.0.0.0/4")));
  return Feed(home, {"ip6tables-restore"}, Rules(own[1], "fd00:10:244::/48", "ff00::/8"));
}

absl::StatusOr<std::string> PlugPod(const lab::Lab& lab, int node, int host) {
  const std::string pod =
      lab::NamespaceName(lab.folder().lab(), fmt::format("pod{}x{}", node, host));
  FL_RETURN_IF_ERROR(lab::CreateNamespace(pod));
  FL_RETURN_IF_ERROR(
      Ip(lab.node(node).network_namespace(),
         fmt::format("link add pod{0} mtu 1450 type veth peer name eth0 mtu 1450 netns {1}\n"
                     "link set pod{0} master cni0 up\n",
                     host, pod)));
  // The IPv6 devices have the smaller MTU, so its routes have it too.
  FL_RETURN_IF_ERROR(Ip(pod, fmt::format("link set lo up\n"
                                         "address add 10.244.{0}.{1}/24 dev eth0\n"
                                         "address add fd00:10:244:{0}::{1}/64 dev eth0 nodad\n"
                                         "link set eth0 up\n"
                                         "route add default via 10.244.{0}.1\n"
                                         "route add default via fd00:10:244:{0}::1 mtu 1430\n",
                                         node, host)));
  return pod;
}

}  // namespace

absl::StatusOr<World> MakeBridgeWorld() {
  World world;
  FL_ASSIGN_OR_RETURN(world.lab, lab::Lab::Up({.name = fmt::format("benchbridge{}", ::getpid()),
                                               .nodes = 2,
                                               .start_daemons = false}));
  FL_RETURN_IF_ERROR(MakeNode(*world.lab, 1));
  FL_RETURN_IF_ERROR(MakeNode(*world.lab, 2));
  FL_ASSIGN_OR_RETURN(const std::string client, PlugPod(*world.lab, 1, 2));
  FL_ASSIGN_OR_RETURN(const std::string near, PlugPod(*world.lab, 1, 3));
  FL_ASSIGN_OR_RETURN(const std::string far, PlugPod(*world.lab, 2, 2));
  world.ways = {
      {"bridge", Path::kOneNode, client, near, "10.244.1.3", "fd00:10:244:1::3"},
      {"bridge",
       Path::kAcrossNodes,
       client,
       far,
       "10.244.2.2",
       "fd00:10:244:2::2",
       world.lab->node(1).network_namespace(),
       {"flannel.1", "flannel-v6.1"}},
  };
  return world;
}

}  // namespace fairlead::bench
