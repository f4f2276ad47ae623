// SPDX-License-Identifier: Apache-2.0
//
// See random_cluster.h.
#include "tests/state/random_cluster.h"

#include <fmt/format.h>

#include "tests/state/planned_node.h"

namespace fairlead::testing {
namespace {

constexpr int kServices = 30;
constexpr int kSlices = 90;
constexpr int kNodes = 12;
constexpr int kPods = 40;
constexpr int kNamespaces = 3;
constexpr int kPolicies = 10;
constexpr int kCidrs = 2;

std::string SpaceOf(int number) { return fmt::format("space{}", number % kNamespaces); }

}  // namespace

apiserver::Json RandomCluster::Meta(const std::string& name, const std::string& space) {
  ++clock_;
  Json meta = {{"name", name}};
  if (!space.empty()) meta["namespace"] = space;
  // Who was first decides who gets a frontend that two of them want.
  meta["creationTimestamp"] = fmt::format("2026-01-01T{:02}:{:02}:{:02}Z", clock_ / 3600 % 24,
                                          clock_ / 60 % 60, clock_ % 60);
  if (OneIn(3)) meta["labels"] = {{"color", fmt::format("c{}", Draw(3))}};
  if (OneIn(3)) meta["annotations"] = {{"note", "\"quoted\" <é> \\ \n\t{[("}};
  return meta;
}

apiserver::Json RandomCluster::Service(int number) {
  Json meta = Meta(fmt::format("service{}", number), SpaceOf(number));
  if (OneIn(10)) meta["labels"]["service.kubernetes.io/service-proxy-name"] = "another";
  Json port = {{"name", OneIn(2) ? "http" : ""},
               {"protocol", OneIn(4) ? "UDP" : "TCP"},
               {"port", 80 + Draw(3)}};
  Json spec = {{"clusterIP", fmt::format("10.96.0.{}", number + 1)},
               {"sessionAffinity", OneIn(5) ? "ClientIP" : "None"},
               {"internalTrafficPolicy", OneIn(5) ? "Local" : "Cluster"}};
  spec["clusterIPs"] = Json::array({spec["clusterIP"]});
  spec["ipFamilies"] = Json::array({"IPv4"});
  if (OneIn(2)) {
    spec["clusterIPs"].push_back(fmt::format("fd00:96::{:x}", number + 1));
    spec["ipFamilies"].push_back("IPv6");
  }
  if (OneIn(10)) {
    spec["clusterIP"] = "None";
    spec["clusterIPs"] = Json::array({"None"});
  }
  const int type = Draw(4);
  spec["type"] = type == 0 ? "LoadBalancer" : type == 1 ? "NodePort" : "ClusterIP";
  if (type < 2) {
    port["nodePort"] = 30000 + Draw(kServices);  // not always nobody else's
    spec["externalTrafficPolicy"] = OneIn(2) ? "Local" : "Cluster";
  }
  Json status = {{"loadBalancer", Json::object()}};
  if (type == 0) {
    status["loadBalancer"]["ingress"] =
        Json::array({{{"ip", fmt::format("192.0.2.{}", 1 + Draw(10))}}});
    if (OneIn(2)) spec["loadBalancerSourceRanges"] = Json::array({"198.51.100.0/24"});
  }
  if (OneIn(5)) spec["externalIPs"] = Json::array({fmt::format("203.0.113.{}", 1 + Draw(5))});
  spec["ports"] = Json::array({port});
  if (OneIn(4)) {
    spec["ports"].push_back({{"name", "more"}, {"protocol", "TCP"}, {"port", 9000}});
  }
  return {{"metadata", meta}, {"spec", spec}, {"status", status}};
}

// Of Service number mod kServices; the last third are of IPv6.
apiserver::Json RandomCluster::EndpointSlice(int number) {
  const int service = number % kServices;
  const bool is_ipv6 = number >= kSlices * 2 / 3;
  Json meta = Meta(fmt::format("slice{}", number), SpaceOf(service));
  meta["labels"]["kubernetes.io/service-name"] = fmt::format("service{}", service);
  if (OneIn(20)) meta["labels"]["service.kubernetes.io/headless"] = "";
  Json endpoints = Json::array();
  for (int left = Draw(6); left > 0; --left) {
    const int node = 1 + Draw(kNodes);
    const int host = 2 + Draw(8);
    Json conditions = {{"ready", !OneIn(4)}};
    if (OneIn(3)) conditions["serving"] = OneIn(2);
    if (OneIn(5)) conditions["terminating"] = true;
    endpoints.push_back(
        {{"addresses", Json::array({is_ipv6 ? fmt::format("fd00:244:{}::{}", node, host)
                                            : fmt::format("10.244.{}.{}", node, host)})},
         {"conditions", conditions},
         {"nodeName", fmt::format("node{}", node)},
         {"zone", fmt::format("zone{}", node % 2)}});
  }
  Json ports = Json::array(
      {{{"name", OneIn(2) ? "http" : ""}, {"protocol", OneIn(4) ? "UDP" : "TCP"}, {"port", 8080}}});
  if (OneIn(4)) ports.push_back({{"name", "more"}, {"protocol", "TCP"}, {"port", 9000}});
  return {{"metadata", meta},
          {"addressType", is_ipv6 ? "IPv6" : "IPv4"},
          {"endpoints", endpoints},
          {"ports", ports}};
}

apiserver::Json RandomCluster::Node(int number) {
  Json meta = Meta(fmt::format("node{}", number), "");
  meta["labels"]["topology.kubernetes.io/zone"] = fmt::format("zone{}", Draw(2));
  // Two nodes may want one block for a while.
  const int block = OneIn(8) ? 1 + Draw(kNodes) : number;
  Json addresses =
      Json::array({{{"type", "InternalIP"}, {"address", fmt::format("172.31.0.{}", 10 + number)}}});
  if (OneIn(2)) {
    addresses.push_back({{"type", "InternalIP"}, {"address", fmt::format("fd00:31::{}", number)}});
  }
  return {{"metadata", meta},
          {"spec",
           {{"podCIDR", fmt::format("10.244.{}.0/24", block)},
            {"podCIDRs",
             {fmt::format("10.244.{}.0/24", block), fmt::format("fd00:244:{}::/64", block)}}}},
          {"status", {{"addresses", addresses}}}};
}

apiserver::Json RandomCluster::Pod(int number) {
  return {{"metadata", Meta(fmt::format("pod{}", number), SpaceOf(number))},
          {"spec", {{"nodeName", fmt::format("node{}", 1 + Draw(kNodes))}}},
          {"status",
           {{"phase", OneIn(5) ? "Succeeded" : "Running"},
            {"podIPs", Json::array({{{"ip", fmt::format("10.244.{}.9", 1 + Draw(kNodes))}}})}}}};
}

apiserver::Json RandomCluster::Namespace(int number) {
  return {{"metadata", Meta(SpaceOf(number), "")}};
}

apiserver::Json RandomCluster::NetworkPolicy(int number) {
  return {{"metadata", Meta(fmt::format("policy{}", number), SpaceOf(number))},
          {"spec",
           {{"podSelector", {{"matchLabels", {{"color", fmt::format("c{}", Draw(3))}}}}},
            {"policyTypes", Json::array({OneIn(2) ? "Ingress" : "Egress"})}}}};
}

apiserver::Json RandomCluster::ServiceCidr(int number) {
  const std::string block =
      number == 0 ? "10.96.0.0/16" : fmt::format("10.{}.0.0/16", 97 + Draw(3));
  return {{"metadata", Meta(fmt::format("cidr{}", number), "")},
          {"spec", {{"cidrs", Json::array({block})}}}};
}

void RandomCluster::Begin(apiserver::Store& store) {
  const auto put = [&store](const char* plural, Json object) {
    store.Put(apiserver::ResourceOf(plural), std::move(object));
  };
  for (int i = 0; i < kNamespaces; ++i) put("namespaces", Namespace(i));
  for (int i = 0; i < kNodes; ++i) put("nodes", Node(i + 1));
  for (int i = 0; i < kServices; i += 2) put("services", Service(i));
  for (int i = 0; i < kSlices; i += 2) put("endpointslices", EndpointSlice(i));
}

std::string RandomCluster::Change(apiserver::Store& store) {
  struct Choice {
    const char* plural;
    int weight;
    int count;
    int first;
    Json (RandomCluster::*make)(int);
  };
  static constexpr Choice kChoices[] = {
      {"endpointslices", 10, kSlices, 0, &RandomCluster::EndpointSlice},
      {"services", 6, kServices, 0, &RandomCluster::Service},
      {"nodes", 2, kNodes, 1, &RandomCluster::Node},
      {"pods", 4, kPods, 0, &RandomCluster::Pod},
      {"networkpolicies", 2, kPolicies, 0, &RandomCluster::NetworkPolicy},
      {"namespaces", 1, kNamespaces, 0, &RandomCluster::Namespace},
      {"servicecidrs", 1, kCidrs, 0, &RandomCluster::ServiceCidr}};
  constexpr int kWeights = 26;
  int drawn = Draw(kWeights);
  const Choice* choice = kChoices;
  while (drawn >= choice->weight) drawn -= (choice++)->weight;
  const apiserver::Resource& resource = apiserver::ResourceOf(choice->plural);
  Json object = (this->*choice->make)(choice->first + Draw(choice->count));
  const std::string key = apiserver::KeyOf(resource, object);
  const apiserver::ObjectPtr before = store.Find(resource, key);
  // This node itself stays.
  if (before && OneIn(3) && key != PlannedNode::kName) {
    store.Erase(resource, key);
    return fmt::format("{} {} deleted", choice->plural, key);
  }
  if (before) {
    const Json old = Json::parse(before->text);
    object["metadata"]["creationTimestamp"] = old["metadata"]["creationTimestamp"];
  }
  store.Put(resource, std::move(object));
  return fmt::format("{} {} {}", choice->plural, key, before ? "changed" : "added");
}

}  // namespace fairlead::testing
