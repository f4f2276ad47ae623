// SPDX-License-Identifier: Apache-2.0
//
// See big_cluster.h. What is the same in all objects of a kind is in
// big_cluster_parts.cc.
#include "bench/state/big_cluster.h"

#include <fmt/format.h>

#include "bench/state/big_cluster_parts.h"

namespace fairlead::bench {
namespace {

constexpr size_t kServicesPerNamespace = 100;
constexpr char kTime[] = "2026-11-20T08:15:30Z";

std::string NamespaceName(size_t i) { return fmt::format("team-{:03}", i); }
std::string SpaceOf(size_t service) { return NamespaceName(service / kServicesPerNamespace); }
std::string ServiceName(size_t i) { return fmt::format("service-{:05}", i); }
std::string AppOf(size_t service) { return fmt::format("app-{:05}", service); }
std::string PodName(size_t i) { return fmt::format("app-{:05}-7d9c6f-{:05x}", i / 10, i * 7919); }
std::string ZoneOf(size_t node) { return fmt::format("zone-{}", node % 3); }

// A uid that depends on nothing but the object.
std::string UidOf(std::string_view kind, size_t i) {
  return fmt::format("{:08x}-0000-4000-8000-{:012x}",
                     std::hash<std::string_view>()(kind) & 0xffffffff, i);
}

Json Metadata(std::string_view kind, size_t i, const std::string& name, const std::string& space,
              Json labels, Json annotations, const Json& managed_fields) {
  Json metadata = {{"name", name}};
  if (!space.empty()) metadata["namespace"] = space;
  metadata["uid"] = UidOf(kind, i);
  metadata["creationTimestamp"] = kTime;
  metadata["labels"] = std::move(labels);
  if (!annotations.empty()) metadata["annotations"] = std::move(annotations);
  metadata["managedFields"] = managed_fields;
  return metadata;
}

Json Labels(const std::string& app) {
  return {{"app.kubernetes.io/name", app},
          {"app.kubernetes.io/instance", app},
          {"app.kubernetes.io/managed-by", "Helm"},
          {"helm.sh/chart", app + "-1.42.0"}};
}

std::string TeamOf(size_t space) { return fmt::format("team-{}", space % 20); }

}  // namespace

size_t BigCluster::namespaces() const {
  return (size_.services + kServicesPerNamespace - 1) / kServicesPerNamespace + 1;
}

std::string BigCluster::NodeName(size_t i) const {
  return i == 0 ? own_.name : fmt::format("node-{:05}", i);
}

std::string BigCluster::PodAddress(size_t i) const {
  const size_t node = i % size_.nodes;
  const size_t host = 2 + i / size_.nodes % kMostPodsPerNode;
  if (node == 0)
    return own_.pod_cidr.substr(0, own_.pod_cidr.rfind('.') + 1) + std::to_string(host);
  return fmt::format("10.{}.{}.{}", 64 + node / 256, node % 256, host);
}

Json BigCluster::Namespace(size_t i) const {
  const std::string name = NamespaceName(i);
  Json labels = {{"kubernetes.io/metadata.name", name}, {"team", TeamOf(i)}};
  return {{"metadata",
           Metadata("Namespace", i, name, "", labels, Json::object(), parts::NamespaceFields())},
          {"spec", {{"finalizers", {"kubernetes"}}}},
          {"status", {{"phase", "Active"}}}};
}

Json BigCluster::Node(size_t i) const {
  const std::string name = NodeName(i);
  const std::string address =
      i == 0 ? own_.address : fmt::format("172.20.{}.{}", i / 250, i % 250 + 1);
  const std::string cidr =
      i == 0 ? own_.pod_cidr : fmt::format("10.{}.{}.0/24", 64 + i / 256, i % 256);
  Json labels = {{"beta.kubernetes.io/arch", "amd64"},
                 {"beta.kubernetes.io/os", "linux"},
                 {"kubernetes.io/arch", "amd64"},
                 {"kubernetes.io/hostname", name},
                 {"kubernetes.io/os", "linux"},
                 {"node.kubernetes.io/instance-type", "m7.4xlarge"},
                 {"topology.kubernetes.io/region", "region-1"},
                 {"topology.kubernetes.io/zone", ZoneOf(i)}};
  Json annotations = {{"node.alpha.kubernetes.io/ttl", "0"},
                      {"volumes.kubernetes.io/controller-managed-attach-detach", "true"}};
  Json status = parts::NodeStatus();
  status["addresses"] = {{{"type", "InternalIP"}, {"address", address}},
                         {{"type", "Hostname"}, {"address", name}}};
  return {{"metadata", Metadata("Node", i, name, "", labels, annotations, parts::NodeFields())},
          {"spec",
           {{"podCIDR", cidr},
            {"podCIDRs", Json::array({cidr})},
            {"providerID", "cloud:///" + ZoneOf(i) + "/i-" + UidOf("Node", i)}}},
          {"status", status}};
}

Json BigCluster::Pod(size_t i) const {
  const size_t service = i / 10 % size_.services;
  const size_t node = i % size_.nodes;
  Json labels = Labels(AppOf(service));
  labels["pod-template-hash"] = "7d9c6f";
  labels["track"] = i % 10 == 0 ? "canary" : "stable";
  Json metadata = Metadata("Pod", i, PodName(i), SpaceOf(service), labels,
                           {{"prometheus.io/scrape", "true"}, {"prometheus.io/port", "9090"}},
                           parts::PodFields());
  metadata["generateName"] = AppOf(service) + "-7d9c6f-";
  metadata["ownerReferences"] = {{{"apiVersion", "apps/v1"},
                                  {"kind", "ReplicaSet"},
                                  {"name", AppOf(service) + "-7d9c6f"},
                                  {"uid", UidOf("ReplicaSet", service)},
                                  {"controller", true},
                                  {"blockOwnerDeletion", true}}};
  Json spec = parts::PodSpec(AppOf(service));
  spec["nodeName"] = NodeName(node);
  const std::string address = PodAddress(i);
  Json status = parts::PodStatus(AppOf(service));
  status["podIP"] = address;
  status["podIPs"] = {{{"ip", address}}};
  return {{"metadata", metadata}, {"spec", spec}, {"status", status}};
}

Json BigCluster::Service(size_t i) const {
  const std::string address = fmt::format("10.32.{}.{}", i / 250, i % 250 + 1);
  return {
      {"metadata", Metadata("Service", i, ServiceName(i), SpaceOf(i), Labels(AppOf(i)),
                            {{"meta.helm.sh/release-name", AppOf(i)},
                             {"meta.helm.sh/release-namespace", SpaceOf(i)}},
                            parts::ServiceFields())},
      {"spec",
       {{"ports", {{{"name", "http"}, {"protocol", "TCP"}, {"port", 80}, {"targetPort", "http"}}}},
        {"selector", {{"app.kubernetes.io/name", AppOf(i)}}},
        {"clusterIP", address},
        {"clusterIPs", Json::array({address})},
        {"type", "ClusterIP"},
        {"sessionAffinity", "None"},
        {"ipFamilies", Json::array({"IPv4"})},
        {"ipFamilyPolicy", "SingleStack"},
        {"internalTrafficPolicy", "Cluster"}}},
      {"status", {{"loadBalancer", Json::object()}}}};
}

Json BigCluster::EndpointSlice(size_t i, size_t unready) const {
  Json endpoints = Json::array();
  for (size_t n = 0; n < size_.endpoints; ++n) {
    const size_t pod = (i * size_.endpoints + n) % size_.pods;
    const size_t node = pod % size_.nodes;
    const bool ready = n != unready;
    endpoints.push_back(
        {{"addresses", Json::array({PodAddress(pod)})},
         {"conditions", {{"ready", ready}, {"serving", ready}, {"terminating", false}}},
         {"targetRef",
          {{"kind", "Pod"},
           {"namespace", SpaceOf(i)},
           {"name", PodName(pod)},
           {"uid", UidOf("Pod", pod)}}},
         {"nodeName", NodeName(node)},
         {"zone", ZoneOf(node)}});
  }
  Json labels = Labels(AppOf(i));
  labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io";
  labels["kubernetes.io/service-name"] = ServiceName(i);
  Json metadata =
      Metadata("EndpointSlice", i, ServiceName(i) + "-v4aaa", SpaceOf(i), labels,
               {{"endpoints.kubernetes.io/last-change-trigger-time", kTime}}, parts::SliceFields());
  metadata["generateName"] = ServiceName(i) + "-";
  metadata["ownerReferences"] = {{{"apiVersion", "v1"},
                                  {"kind", "Service"},
                                  {"name", ServiceName(i)},
                                  {"uid", UidOf("Service", i)},
                                  {"controller", true},
                                  {"blockOwnerDeletion", true}}};
  return {{"metadata", metadata},
          {"addressType", "IPv4"},
          {"endpoints", endpoints},
          {"ports", {{{"name", "http"}, {"protocol", "TCP"}, {"port", 8080}}}}};
}

Json BigCluster::NetworkPolicy(size_t i) const {
  const size_t service = i * 5 % size_.services;
  const size_t space = service / kServicesPerNamespace;
  const Json app = {{"matchLabels", {{"app.kubernetes.io/name", AppOf(service)}}}};
  const Json tracks = {
      {"matchExpressions",
       {{{"key", "track"}, {"operator", "In"}, {"values", {"stable", "canary"}}}}}};
  const Json team = {{"matchLabels", {{"team", TeamOf(space + 1)}}}};
  return {
      {"metadata",
       Metadata("NetworkPolicy", i, fmt::format("policy-{:05}", i), NamespaceName(space),
                Labels(AppOf(service)), Json::object(), parts::PolicyFields())},
      {"spec",
       {{"podSelector", app},
        {"ingress",
         {{{"ports",
            {{{"protocol", "TCP"}, {"port", "http"}},
             {{"protocol", "TCP"}, {"port", 9000}, {"endPort", 9100}}}},
           {"from",
            {{{"podSelector", tracks}}, {{"namespaceSelector", team}, {"podSelector", tracks}}}}}}},
        {"egress",
         {{{"to",
            {{{"ipBlock",
               {{"cidr", "0.0.0.0/0"}, {"except", {"10.0.0.0/8", "169.254.169.254/32"}}}}}}}},
          {{"ports", {{{"protocol", "UDP"}, {"port", 53}}}}}}},
        {"policyTypes", {"Ingress", "Egress"}}}}};
}

void BigCluster::ForEach(const Take& take) const {
  const auto all = [&take](const char* plural, size_t count, const auto& make) {
    for (size_t i = 0; i < count; ++i) take(apiserver::ResourceOf(plural), make(i));
  };
  all("namespaces", namespaces(), [this](size_t i) { return Namespace(i); });
  all("nodes", size_.nodes, [this](size_t i) { return Node(i); });
  all("pods", size_.pods, [this](size_t i) { return Pod(i); });
  all("services", size_.services, [this](size_t i) { return Service(i); });
  all("endpointslices", size_.services,
      [this](size_t i) { return EndpointSlice(i, size_.endpoints); });
  all("networkpolicies", size_.policies, [this](size_t i) { return NetworkPolicy(i); });
}

}  // namespace fairlead::bench
