// SPDX-License-Identifier: Apache-2.0
#include "loader/api/resource.h"

#include <fmt/format.h>

#include <cctype>

#include "loader/kube/endpoint_slice.h"
#include "loader/kube/service.h"

namespace fairlead::api {
namespace {

// For the value of a query (RFC 3986, 2.3).
std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded.push_back(c);
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

}  // namespace

std::string Resource::Path() const {
  return group.empty() ? fmt::format("/api/{}/{}", version, name)
                       : fmt::format("/apis/{}/{}/{}", group, version, name);
}

std::string Resource::Target(
    const std::vector<std::pair<std::string_view, std::string>>& query) const {
  std::string target = Path();
  char separator = '?';
  const auto add = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    target += fmt::format("{}{}={}", separator, key, PercentEncoded(value));
    separator = '&';
  };
  add("labelSelector", label_selector);
  add("fieldSelector", field_selector);
  for (const auto& [key, value] : query) add(key, value);
  return target;
}

std::string Resource::InRbac() const {
  return group.empty() ? name : fmt::format("{} in {}", name, group);
}

std::vector<Resource> ResourcesFor(const Needs& needs) {
  using kube::Kind;
  std::vector<Resource> resources;
  // kube-proxy's own selectors: what belongs to another proxy, or to none, never comes here.
  resources.push_back({.kind = Kind::kService,
                       .name = "services",
                       .label_selector = fmt::format("!{}", kube::kServiceProxyNameLabel),
                       .field_selector = "spec.clusterIP!=None"});
  resources.push_back({.kind = Kind::kEndpointSlice,
                       .name = "endpointslices",
                       .group = "discovery.k8s.io",
                       .label_selector = fmt::format("!{}", kube::kHeadlessLabel)});
  Resource nodes{.kind = Kind::kNode, .name = "nodes"};
  if (!needs.all_nodes) nodes.field_selector = fmt::format("metadata.name={}", needs.node_name);
  resources.push_back(std::move(nodes));
  const auto add = [&](Kind kind, const char* name, const char* group) {
    resources.push_back({.kind = kind, .name = name, .group = group, .required = false});
  };
  add(Kind::kServiceCidr, "servicecidrs", "networking.k8s.io");
  resources.back().may_be_absent = true;
  if (needs.policies) {
    add(Kind::kNamespace, "namespaces", "");
    add(Kind::kPod, "pods", "");
    add(Kind::kNetworkPolicy, "networkpolicies", "networking.k8s.io");
  }
  return resources;
}

}  // namespace fairlead::api
