// SPDX-License-Identifier: Apache-2.0
//
// See resource.h.
#include "tests/apiserver/resource.h"

#include <algorithm>
#include <cstdlib>

namespace fairlead::apiserver {
namespace {

constexpr Resource kResources[] = {
    {.group = "",
     .version = "v1",
     .plural = "services",
     .singular = "service",
     .kind = "Service",
     .short_name = "svc",
     .has_status = true,
     .empty_fields = R"(,"spec":{},"status":{"loadBalancer":{}})",
     .selectable_fields = {"spec.clusterIP", "spec.type"}},
    {.group = "discovery.k8s.io",
     .version = "v1",
     .plural = "endpointslices",
     .singular = "endpointslice",
     .kind = "EndpointSlice",
     .short_name = "",
     .empty_fields = R"(,"addressType":"","endpoints":null,"ports":null)"},
    {.group = "",
     .version = "v1",
     .plural = "nodes",
     .singular = "node",
     .kind = "Node",
     .short_name = "no",
     .namespaced = false,
     .has_status = true,
     .empty_fields =
         R"(,"spec":{},"status":{"daemonEndpoints":{"kubeletEndpoint":{"Port":0}},"nodeInfo":)"
         R"({"machineID":"","systemUUID":"","bootID":"","kernelVersion":"","osImage":"",)"
         R"("containerRuntimeVersion":"","kubeletVersion":"","kubeProxyVersion":"",)"
         R"("operatingSystem":"","architecture":""}})"},
    {.group = "",
     .version = "v1",
     .plural = "pods",
     .singular = "pod",
     .kind = "Pod",
     .short_name = "po",
     .has_status = true,
     .empty_fields = R"(,"spec":{"containers":null},"status":{})",
     .selectable_fields = {"spec.nodeName", "status.phase"}},
    {.group = "",
     .version = "v1",
     .plural = "namespaces",
     .singular = "namespace",
     .kind = "Namespace",
     .short_name = "ns",
     .namespaced = false,
     .has_status = true,
     .empty_fields = R"(,"spec":{},"status":{})"},
    {.group = "",
     .version = "v1",
     .plural = "events",
     .singular = "event",
     .kind = "Event",
     .short_name = "ev",
     .empty_fields =
         R"(,"involvedObject":{},"source":{},"firstTimestamp":null,"lastTimestamp":null,)"
         R"("type":"","eventTime":null,"reportingComponent":"","reportingInstance":"")"},
    {.group = "events.k8s.io",
     .version = "v1",
     .plural = "events",
     .singular = "event",
     .kind = "Event",
     .short_name = "ev",
     .empty_fields = R"(,"eventTime":null,"regarding":{},"deprecatedSource":{},)"
                     R"("deprecatedFirstTimestamp":null,"deprecatedLastTimestamp":null)"},
    {.group = "networking.k8s.io",
     .version = "v1",
     .plural = "networkpolicies",
     .singular = "networkpolicy",
     .kind = "NetworkPolicy",
     .short_name = "netpol",
     .empty_fields = R"(,"spec":{"podSelector":{}})"},
    {.group = "networking.k8s.io",
     .version = "v1",
     .plural = "servicecidrs",
     .singular = "servicecidr",
     .kind = "ServiceCIDR",
     .short_name = "",
     .namespaced = false,
     .has_status = true,
     .empty_fields = R"(,"spec":{},"status":{})"},
};

}  // namespace

std::string Resource::GroupVersion() const {
  return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

std::string Resource::QualifiedName() const {
  return group.empty() ? std::string(plural) : std::string(plural) + "." + std::string(group);
}

std::span<const Resource> Resources() { return kResources; }

const Resource* FindResource(std::string_view group, std::string_view version,
                             std::string_view plural) {
  const auto* found = std::ranges::find_if(kResources, [&](const Resource& resource) {
    return resource.group == group && resource.version == version && resource.plural == plural;
  });
  return found == std::end(kResources) ? nullptr : found;
}

const Resource* FindKind(std::string_view group_version, std::string_view kind) {
  const auto* found = std::ranges::find_if(kResources, [&](const Resource& resource) {
    return resource.GroupVersion() == group_version && resource.kind == kind;
  });
  return found == std::end(kResources) ? nullptr : found;
}

const Resource& ResourceOf(std::string_view plural) {
  const auto* found = std::ranges::find(kResources, plural, &Resource::plural);
  if (found == std::end(kResources)) std::abort();  // a bug of the caller
  return *found;
}

}  // namespace fairlead::apiserver
