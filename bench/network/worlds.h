// SPDX-License-Identifier: Apache-2.0
//
// The networks that are compared. All but "veth" are a lab of two nodes on one
// wire, so that they differ in what a node does and in nothing else:
//
//   fairlead         fairleadd, --routing native
//   fairlead vxlan   fairleadd, --routing vxlan
//   routed           a veth pair per pod, joined by the kernel's routing
//   bridge           flannel with its VXLAN backend: bridge cni0, devices
//                    flannel.1 and flannel-v6.1 with static FDB and neighbours,
//                    its iptables rules
//   veth             two namespaces joined by one veth pair and nothing between
#ifndef FAIRLEAD_BENCH_NETWORK_WORLDS_H_
#define FAIRLEAD_BENCH_NETWORK_WORLDS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lab/lab.h"

namespace fairlead::bench {

enum class Path { kOneNode, kAcrossNodes };

// Two pods of a world. Namespaces end with the world.
struct Way {
  std::string world;
  Path path;
  std::string client_namespace;
  std::string server_namespace;
  std::string ipv4, ipv6;  // the server's
  // Devices that must have carried the packets of this way, in the namespace of
  // the client's node; none where there is no such device.
  std::string witness_namespace = {};
  std::vector<std::string> witnesses = {};
};

struct World {
  std::unique_ptr<lab::Lab> lab;
  std::vector<Way> ways;
};

absl::StatusOr<World> MakeFairleadWorld(const std::string& routing);
absl::StatusOr<World> MakeRoutedWorld();  // with the way of "veth"
absl::StatusOr<World> MakeBridgeWorld();

// Fails when a witness of a way has sent fewer than `packets`.
absl::Status CheckWitnesses(const Way& way, uint64_t packets);

// A pod with a veth pair of its own, as the `host`th address of its node's
// block: the node is its next hop, on the link. The name of its namespace.
absl::StatusOr<std::string> PlugRoutedPod(const lab::Lab& lab, int node, int host);

// Runs a program in a namespace and feeds it.
absl::Status Feed(const std::string& network_namespace, const std::vector<std::string>& argv,
                  const std::string& input, lab::Duration patience = std::chrono::seconds(20));
// All `ip` commands of a text, in one namespace.
absl::Status Ip(const std::string& network_namespace, const std::string& commands);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_NETWORK_WORLDS_H_
