// SPDX-License-Identifier: Apache-2.0
//
// The same cluster, served in four ways. Each is a lab of one node, so that they
// differ in what the node does with a Service and in nothing else:
//
//   fairlead         fairleadd
//   nftables         pods routed by the kernel, kube-proxy's rules by `nft`
//   iptables         the same, its other rules by `iptables-restore` on nf_tables,
//                    as most distributions have it
//   iptables-legacy  the same rules in the kernel's older table format
//
//   client pod ──▶ ClusterIP ─┐
//                             ├─▶ backend pod of the node
//   outside ─────▶ NodePort ──┘
#ifndef FAIRLEAD_BENCH_SERVICES_SERVICE_WORLDS_H_
#define FAIRLEAD_BENCH_SERVICES_SERVICE_WORLDS_H_

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/services/cluster.h"
#include "lab/lab.h"

namespace fairlead::bench {

struct Place {
  std::string network_namespace;
  Endpoint endpoint;
};

struct ClusterSize {
  Family family;
  size_t services;
  size_t endpoints;
};

class ServiceWorld {
 public:
  virtual ~ServiceWorld() = default;
  ServiceWorld(const ServiceWorld&) = delete;
  ServiceWorld& operator=(const ServiceWorld&) = delete;

  // Tells the node everything of the cluster, at once; the time when that began.
  // DEADLINE_EXCEEDED when it takes longer than `patience`. May return before it
  // is in force: when default/bench is, all is.
  virtual absl::StatusOr<lab::Clock::time_point> FirstSync(lab::Duration patience) = 0;
  // From now on default/bench is this backend; until then it is the first one.
  virtual absl::StatusOr<lab::Clock::time_point> Switch(size_t backend, lab::Duration patience) = 0;

  // Who calls what, and where default/bench may be.
  Place InsideClient() const;   // its endpoint: the ClusterIP
  Place OutsideClient() const;  // its endpoint: the NodePort
  const std::array<Place, 2>& backends() const { return backends_; }

 protected:
  // Pods of the lab: a client and the two backends.
  ServiceWorld(std::unique_ptr<lab::Lab> lab, const std::array<Place, 3>& pods,
               const ClusterSize& size);

  const lab::Node& node() const { return lab_->node(1); }
  Backend BackendAt(size_t number) const;
  Service& bench() { return cluster_.services.at(bench_); }

  std::unique_ptr<lab::Lab> lab_;
  Cluster cluster_;

 private:
  std::string client_;
  std::array<Place, 2> backends_;
  size_t bench_ = 0;  // its place among the Services
};

// In the order in which they are shown; the first one is ours.
std::vector<std::string> WorldNames();
// Nothing is synced yet.
absl::StatusOr<std::unique_ptr<ServiceWorld>> MakeServiceWorld(const std::string& name,
                                                               const ClusterSize& size);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_SERVICES_SERVICE_WORLDS_H_
