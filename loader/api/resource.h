// SPDX-License-Identifier: Apache-2.0
//
// Which objects fairlead asks an API server for, and by what names: the only
// place that knows paths, selectors, and what RBAC has to allow.
#ifndef FAIRLEAD_LOADER_API_RESOURCE_H_
#define FAIRLEAD_LOADER_API_RESOURCE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loader/kube/object_meta.h"

namespace fairlead::api {

struct Resource {
  kube::Kind kind = kube::Kind::kService;
  std::string name;        // "endpointslices", as in RBAC
  std::string group = {};  // "discovery.k8s.io"; "" is the core
  std::string version = "v1";
  std::string label_selector = {};
  std::string field_selector = {};
  // Nothing is programmed before it has been listed. The others may be kept from us.
  bool required = true;
  // Not every server knows the kind.
  bool may_be_absent = false;

  // "/apis/discovery.k8s.io/v1/endpointslices"
  std::string Path() const;
  // With the selectors, and those of `query` that have a value.
  std::string Target(const std::vector<std::pair<std::string_view, std::string>>& query) const;
  // "endpointslices in discovery.k8s.io", for people who write a ClusterRole.
  std::string InRbac() const;
};

// What the configuration needs to know of the cluster.
struct Needs {
  std::string node_name;
  bool all_nodes = false;  // their routes, not only this node's labels and taints
  bool policies = false;   // NetworkPolicies, and the pods and namespaces that they select
};

std::vector<Resource> ResourcesFor(const Needs& needs);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_RESOURCE_H_
