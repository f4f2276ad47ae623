// SPDX-License-Identifier: Apache-2.0
//
// A big cluster as its API server holds it: objects as controllers, kubelets and
// people leave them there, with managedFields, status and all the rest that a
// client must skip. Always the same: object i of a kind depends on i alone.
//
//   Service i of namespace i/100 has one EndpointSlice with pods 10·i … 10·i+9;
//   pod i runs on node i mod nodes, which has the podCIDR 10.64+.x.0/24.
//
// Node 0 may be a real one, of a lab: then it has the name and addresses given.
#ifndef FAIRLEAD_BENCH_STATE_BIG_CLUSTER_H_
#define FAIRLEAD_BENCH_STATE_BIG_CLUSTER_H_

#include <functional>
#include <string>

#include "tests/apiserver/json_text.h"
#include "tests/apiserver/resource.h"

namespace fairlead::bench {

using apiserver::Json;

struct ClusterSize {
  size_t services = 10'000;
  size_t endpoints = 10;  // of each
  size_t nodes = 5'000;
  size_t pods = 50'000;
  size_t policies = 2'000;
};
constexpr size_t kMostNodes = 49'000;     // of 192 · 256 blocks
constexpr size_t kMostServices = 65'000;  // 10.32.0.0/16
constexpr size_t kMostPodsPerNode = 250;

struct OwnNode {
  std::string name = "node-00000";
  std::string address = "172.20.0.1";
  std::string pod_cidr = "10.64.0.0/24";
};

class BigCluster {
 public:
  explicit BigCluster(const ClusterSize& size, OwnNode own = {})
      : size_(size), own_(std::move(own)) {}

  Json Namespace(size_t i) const;
  Json Node(size_t i) const;
  Json Pod(size_t i) const;
  Json Service(size_t i) const;
  // One of its endpoints, `unready`, is not ready: another one makes it another slice.
  Json EndpointSlice(size_t i, size_t unready) const;
  Json NetworkPolicy(size_t i) const;

  // All of it, kind by kind.
  using Take = std::function<void(const apiserver::Resource& resource, Json object)>;
  void ForEach(const Take& take) const;

  size_t namespaces() const;
  const ClusterSize& size() const { return size_; }

 private:
  std::string NodeName(size_t i) const;
  std::string PodAddress(size_t i) const;

  ClusterSize size_;
  OwnNode own_;
};

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_STATE_BIG_CLUSTER_H_
