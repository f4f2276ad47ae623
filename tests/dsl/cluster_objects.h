// SPDX-License-Identifier: Apache-2.0
//
// The Kubernetes objects behind a test's actors, as the API server would have
// them.
#ifndef FAIRLEAD_TESTS_DSL_CLUSTER_OBJECTS_H_
#define FAIRLEAD_TESTS_DSL_CLUSTER_OBJECTS_H_

#include "loader/kube/endpoint_slice.h"
#include "loader/kube/node.h"
#include "loader/kube/object_map.h"
#include "loader/kube/service.h"
#include "tests/dsl/node.h"

namespace fairlead::testing {

class ClusterObjects {
 public:
  static constexpr char kOwnName[] = "here";

  void PutNode(const std::string& name, int number, bool has_address = true);
  void RemoveNode(const std::string& name) { nodes_.Erase({"", name}); }
  void PutService(const Service& service);
  void RemoveService(const Service& service);
  void PutEndpoints(const Service& service, const std::vector<Endpoint>& ready,
                    const std::vector<Endpoint>& draining);

  void SetAll(kube::ObjectMap<kube::Service> services,
              kube::ObjectMap<kube::EndpointSlice> slices) {
    services_ = std::move(services);
    slices_ = std::move(slices);
  }

  const kube::ObjectMap<kube::Node>& nodes() const { return nodes_; }
  const kube::ObjectMap<kube::Service>& services() const { return services_; }
  const kube::ObjectMap<kube::EndpointSlice>& slices() const { return slices_; }

 private:
  void PutEndpoint(const Service& service, const Endpoint& endpoint, bool ready);

  kube::ObjectMap<kube::Node> nodes_;
  kube::ObjectMap<kube::Service> services_;
  kube::ObjectMap<kube::EndpointSlice> slices_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_CLUSTER_OBJECTS_H_
