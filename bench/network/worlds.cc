// SPDX-License-Identifier: Apache-2.0
//
// See worlds.h; the bridge has a file of its own.
#include "bench/network/worlds.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/status_macros.h"
#include "lab/network_namespace.h"
#include "lab/topology.h"

namespace fairlead::bench {
namespace {

lab::Object Labels(const std::string& app) { return {{"app", app}}; }

absl::StatusOr<Way> JoinByVeth(const lab::Lab& lab) {
  const std::string a = lab::NamespaceName(lab.folder().lab(), "end1");
  const std::string b = lab::NamespaceName(lab.folder().lab(), "end2");
  FL_RETURN_IF_ERROR(lab::CreateNamespace(a));
  FL_RETURN_IF_ERROR(lab::CreateNamespace(b));
  FL_RETURN_IF_ERROR(Ip(a, fmt::format("link set lo up\n"
                                       "link add eth0 type veth peer name eth0 netns {}\n"
                                       "address add 10.244.0.1/24 dev eth0\n"
                                       "address add fd00:10:244::1/64 dev eth0 nodad\n"
                                       "link set eth0 up\n",
                                       b)));
  FL_RETURN_IF_ERROR(Ip(b,
                        "link set lo up\n"
                        "address add 10.244.0.2/24 dev eth0\n"
                        "address add fd00:10:244::2/64 dev eth0 nodad\n"
                        "link set eth0 up\n"));
  return Way{"veth", Path::kOneNode, a, b, "10.244.0.2", "fd00:10:244::2"};
}

}  // namespace

absl::Status Feed(const std::string& network_namespace, const std::vector<std::string>& argv,
                  const std::string& input, lab::Duration patience) {
  FL_ASSIGN_OR_RETURN(
      const lab::Finished finished,
      lab::Run({.argv = argv, .network_namespace = network_namespace, .input = input}, patience));
  if (finished.exit_code == 0) return absl::OkStatus();
  return absl::InternalError(fmt::format("{} in {}: {}", argv[0], network_namespace, finished.err));
}

absl::Status Ip(const std::string& network_namespace, const std::string& commands) {
  return Feed(network_namespace, {"ip", "-batch", "-"}, commands);
}

absl::StatusOr<std::string> PlugRoutedPod(const lab::Lab& lab, int node, int host) {
  const std::string pod =
      lab::NamespaceName(lab.folder().lab(), fmt::format("pod{}x{}", node, host));
  FL_RETURN_IF_ERROR(lab::CreateNamespace(pod));
  const std::string ipv4 = fmt::format("10.244.{}.{}", node, host);
  const std::string ipv6 = fmt::format("fd00:10:244:{}::{}", node, host);
  FL_RETURN_IF_ERROR(Ip(lab.node(node).network_namespace(),
                        fmt::format("link add pod{0} type veth peer name eth0 netns {1}\n"
                                    "address add 169.254.1.1/32 dev pod{0}\n"
                                    "address add fe80::1/128 dev pod{0} nodad\n"
                                    "link set pod{0} up\n"
                                    "route add {2} dev pod{0}\n"
                                    "route add {3} dev pod{0}\n",
                                    host, pod, ipv4, ipv6)));
  FL_RETURN_IF_ERROR(Ip(pod, fmt::format("link set lo up\n"
                                         "address add {}/32 dev eth0\n"
                                         "address add {}/128 dev eth0 nodad\n"
                                         "link set eth0 up\n"
                                         "route add default via 169.254.1.1 dev eth0 onlink\n"
                                         "route add default via fe80::1 dev eth0\n",
                                         ipv4, ipv6)));
  return pod;
}

absl::Status CheckWitnesses(const Way& way, uint64_t packets) {
  for (const std::string& device : way.witnesses) {
    FL_ASSIGN_OR_RETURN(const lab::Finished finished,
                        lab::Run({.argv = {"ip", "-json", "-stats", "link", "show", "dev", device},
                                  .network_namespace = way.witness_namespace},
                                 std::chrono::seconds(20)));
    const lab::Object links = lab::Object::parse(finished.out, nullptr, false);
    const lab::Object& sent = lab::At(links, "/0/stats64/tx/packets");
    if (!sent.is_number() || sent.get<uint64_t>() < packets) {
      return absl::FailedPreconditionError(fmt::format(
          "{}: {} did not carry the packets: {}{}", way.world, device, sent.dump(), finished.err));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<World> MakeFairleadWorld(const std::string& routing) {
  World world;
  FL_ASSIGN_OR_RETURN(world.lab,
                      lab::Lab::Up({.name = fmt::format("bench{}{}", routing, ::getpid()),
                                    .nodes = 2,
                                    .fabric = {.routing = routing}}));
  FL_ASSIGN_OR_RETURN(const lab::Pod client, world.lab->AddPod("node1", "client", Labels("a")));
  FL_ASSIGN_OR_RETURN(const lab::Pod near, world.lab->AddPod("node1", "near", Labels("b")));
  FL_ASSIGN_OR_RETURN(const lab::Pod far, world.lab->AddPod("node2", "far", Labels("b")));
  const std::string name = routing == "native" ? "fairlead" : "fairlead " + routing;
  world.ways.push_back({name, Path::kAcrossNodes, client.network_namespace(),
                        far.network_namespace(), far.ipv4(), far.ipv6()});
  if (routing == "vxlan") {
    world.ways.back().witness_namespace = world.lab->node(1).network_namespace();
    world.ways.back().witnesses = {"fl_vxlan"};
  }
  // Routing is a matter between nodes.
  if (routing == "native") {
    world.ways.push_back({name, Path::kOneNode, client.network_namespace(),
                          near.network_namespace(), near.ipv4(), near.ipv6()});
  }
  return world;
}

absl::StatusOr<World> MakeRoutedWorld() {
  World world;
  FL_ASSIGN_OR_RETURN(world.lab, lab::Lab::Up({.name = fmt::format("benchrouted{}", ::getpid()),
                                               .nodes = 2,
                                               .start_daemons = false}));
  for (const int node : {1, 2}) {
    const int other = 3 - node;
    const std::string home = world.lab->node(node).network_namespace();
    FL_RETURN_IF_ERROR(lab::SetSysctl(home, "ipv4/ip_forward", "1"));
    FL_RETURN_IF_ERROR(lab::SetSysctl(home, "ipv6/conf/all/forwarding", "1"));
    const std::vector<std::string> cidrs = lab::NodePodCidrs(other);
    FL_RETURN_IF_ERROR(Ip(
        home, fmt::format("route add {} via {}\nroute add {} via {}\n", cidrs[0],
                          world.lab->node(other).ipv4(), cidrs[1], world.lab->node(other).ipv6())));
  }
  FL_ASSIGN_OR_RETURN(const std::string client, PlugRoutedPod(*world.lab, 1, 2));
  FL_ASSIGN_OR_RETURN(const std::string near, PlugRoutedPod(*world.lab, 1, 3));
  FL_ASSIGN_OR_RETURN(const std::string far, PlugRoutedPod(*world.lab, 2, 2));
  FL_ASSIGN_OR_RETURN(const Way veth, JoinByVeth(*world.lab));
  world.ways = {
      {"routed", Path::kOneNode, client, near, "10.244.1.3", "fd00:10:244:1::3"},
      {"routed", Path::kAcrossNodes, client, far, "10.244.2.2", "fd00:10:244:2::2"},
      veth,
  };
  return world;
}

}  // namespace fairlead::bench
