// SPDX-License-Identifier: Apache-2.0
//
// See cluster.h.
#include "bench/services/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fairlead::bench {
namespace {

using nlohmann::json;

constexpr char kBench[] = "bench";
constexpr size_t kOneOnThisNode = 1;

// Where addresses begin.
IpAddress Begin(Family family, const char* ipv4, const char* ipv6) {
  return IpAddress::Parse(family == Family::kIpv4 ? ipv4 : ipv6).value();
}
IpAddress Pods(Family family) { return Begin(family, "10.0.0.0", "fd00:10::"); }
IpAddress ClusterIps(Family family) { return Begin(family, "10.97.0.0", "fd00:10:96::1:0"); }

Service MakeService(Family family, size_t number, size_t endpoints, const std::string& node) {
  Service service{.name = fmt::format("svc-{:05}", number),
                  .port_name = "http",
                  .front = {ClusterIps(family).Plus(number), 80}};
  for (size_t i = 0; i < endpoints; ++i) {
    service.backends.push_back({.endpoint = {Pods(family).Plus(number * endpoints + i), 8080},
                                .node = i == kOneOnThisNode ? node : fmt::format("other{}", i)});
  }
  return service;
}

json Metadata(const std::string& name) { return {{"name", name}, {"namespace", "default"}}; }

json ServiceObject(const Service& service) {
  json port = {{"protocol", "TCP"}, {"port", service.front.port}};
  if (!service.port_name.empty()) port["name"] = service.port_name;
  if (service.node_port != 0) port["nodePort"] = service.node_port;
  const std::string address = service.front.address.ToString();
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", Metadata(service.name)},
          {"spec",
           {{"type", service.node_port != 0 ? "NodePort" : "ClusterIP"},
            {"clusterIP", address},
            {"clusterIPs", {address}},
            {"ipFamilies", json::array({FamilyName(service.front.address.family())})},
            {"ports", {port}}}}};
}

json SliceObject(const Service& service) {
  json endpoints = json::array();
  for (const Backend& backend : service.backends) {
    endpoints.push_back({{"addresses", {backend.endpoint.address.ToString()}},
                         {"conditions", {{"ready", true}}},
                         {"nodeName", backend.node}});
  }
  json metadata = Metadata(service.name + "-1");
  metadata["labels"] = {{"kubernetes.io/service-name", service.name}};
  json port = {{"protocol", "TCP"}, {"port", service.backends.front().endpoint.port}};
  if (!service.port_name.empty()) port["name"] = service.port_name;
  return {{"apiVersion", "discovery.k8s.io/v1"},
          {"kind", "EndpointSlice"},
          {"addressType", FamilyName(service.front.address.family())},
          {"metadata", metadata},
          {"ports", {port}},
          {"endpoints", endpoints}};
}

std::string ListOf(const json& items) {
  return json({{"apiVersion", "v1"}, {"kind", "List"}, {"items", items}}).dump() + "\n";
}

}  // namespace

Service MakeBenchService(const Backend& backend) {
  return {.name = kBench,
          .front = {Begin(backend.endpoint.address.family(), "10.96.100.100", "fd00:10:96::777"),
                    kBenchPort},
          .node_port = kBenchNodePort,
          .backends = {backend}};
}

Cluster MakeCluster(size_t services, size_t endpoints, const std::string& node,
                    const IpAddress& node_address, const Backend& backend) {
  Cluster cluster{.node = node, .node_address = node_address};
  for (size_t number = 0; number + 1 < services; ++number) {
    cluster.services.push_back(MakeService(cluster.family(), number, endpoints, node));
  }
  const auto middle =
      cluster.services.begin() + static_cast<std::ptrdiff_t>(cluster.services.size() / 2);
  cluster.services.insert(middle, MakeBenchService(backend));
  return cluster;
}

Files MakeManifests(const Cluster& cluster) {
  constexpr size_t kServicesPerFile = 1000;
  Files files;
  json items = json::array();
  const auto finish = [&files, &items] {
    if (!items.empty()) files[fmt::format("cluster-{:03}.json", files.size())] = ListOf(items);
    items = json::array();
  };
  for (const Service& service : cluster.services) {
    if (service.name == kBench) continue;
    items.push_back(ServiceObject(service));
    items.push_back(SliceObject(service));
    if (items.size() == 2 * kServicesPerFile) finish();
  }
  finish();
  for (const Service& service : cluster.services) {
    if (service.name != kBench) continue;
    files["bench-service.json"] = ServiceObject(service).dump() + "\n";
    files[kBenchSliceFile] = SliceManifest(service);
  }
  return files;
}

std::string SliceManifest(const Service& service) { return SliceObject(service).dump() + "\n"; }

}  // namespace fairlead::bench
