// SPDX-License-Identifier: Apache-2.0
//
// A cluster as a measurement wants it: many Services that nobody calls, and one
// that is called, default/bench, in the middle of them. MakeManifests says it to
// fairlead, kube_proxy_rules.h says it to the kernel as kube-proxy does.
//
// A cluster has one family, that of its node's address. In IPv4 the addresses are
// those of the cluster on which kube-proxy's rules were recorded
// (tests/data/kube-proxy): Service i has the endpoints 10·i, 10·i+1 … of
// 10.0.0.0/8, of which the second one is on this node.
#ifndef FAIRLEAD_BENCH_SERVICES_CLUSTER_H_
#define FAIRLEAD_BENCH_SERVICES_CLUSTER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/ip.h"

namespace fairlead::bench {

constexpr size_t kMaxServices = 50'000;
constexpr size_t kMaxEndpoints = 100;  // each: one EndpointSlice holds as many

struct Backend {
  Endpoint endpoint;
  std::string node;
};

struct Service {
  std::string name;            // in the namespace default
  std::string port_name = {};  // may be empty
  Endpoint front;              // ClusterIP and port, TCP
  uint16_t node_port = 0;
  std::vector<Backend> backends = {};
};

struct Cluster {
  std::string node;  // the one whose rules are written
  IpAddress node_address;
  std::vector<Service> services = {};

  Family family() const { return node_address.family(); }
};

constexpr uint16_t kBenchPort = 7777;
constexpr uint16_t kBenchNodePort = 30777;
// default/bench as it was recorded: 10.96.100.100:7777 (or fd00:10:96::777) and
// NodePort 30777.
Service MakeBenchService(const Backend& backend);

// `services` of them, default/bench included. The others have `endpoints` each.
Cluster MakeCluster(size_t services, size_t endpoints, const std::string& node,
                    const IpAddress& node_address, const Backend& backend);

// One file's text each. default/bench has files of its own, so that it can be
// changed alone; the others share files, so that there are not too many.
using Files = std::map<std::string, std::string>;  // by name
Files MakeManifests(const Cluster& cluster);
constexpr char kBenchSliceFile[] = "bench-slice.json";
std::string SliceManifest(const Service& service);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_SERVICES_CLUSTER_H_
