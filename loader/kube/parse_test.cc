// SPDX-License-Identifier: Apache-2.0
//
// Every kind: what a complete object means, what an empty one defaults to, and
// how each mistake is named.
#include "loader/kube/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "loader/kube/any_object.h"

namespace fairlead::kube {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

// `metadata` may be left out of `text`.
json Object(const char* text) {
  json object = json::parse(text);
  if (!object.contains("metadata")) object["metadata"] = {{"name", "x"}, {"namespace", "shop"}};
  return object;
}

TEST(Metadata, IsReadWithoutTheSecondCopyOfTheObject) {
  const auto service = ParseService(Object(R"({"metadata": {
    "name": "web", "namespace": "shop", "creationTimestamp": "2026-11-23T03:06:26Z",
    "deletionTimestamp": "2026-11-23T04:00:00Z", "labels": {"app": "web"},
    "annotations": {"a": "b", "kubectl.kubernetes.io/last-applied-configuration": "{}"}}})"));
  ASSERT_TRUE(service.ok()) << service.status();
  const ObjectMeta& meta = service->meta;
  EXPECT_EQ(meta.name, (ObjectName{"shop", "web"}));
  EXPECT_EQ(meta.creation_timestamp, "2026-11-23T03:06:26Z");
  EXPECT_TRUE(meta.deleting);
  EXPECT_THAT(meta.labels, ElementsAre(Pair("app", "web")));
  EXPECT_THAT(meta.annotations, ElementsAre(Pair("a", "b")));
}

TEST(Metadata, NobodyReadsIsLeftOut) {
  const auto pod = ParsePod(Object(R"({"metadata": {"name": "web-0", "labels": {"app": "web"},
    "creationTimestamp": "2026-11-23T03:06:26Z", "annotations": {"a": "b"}}})"));
  ASSERT_TRUE(pod.ok()) << pod.status();
  EXPECT_THAT(pod->meta.labels, ElementsAre(Pair("app", "web")));
  EXPECT_EQ(pod->meta.creation_timestamp, "");
  EXPECT_THAT(pod->meta.annotations, IsEmpty());
}

TEST(Metadata, NamespaceDefaultsWhereTheKindHasOne) {
  const json object = {{"metadata", {{"name", "x"}}}};
  EXPECT_EQ(ParsePod(object)->meta.name, (ObjectName{"default", "x"}));
  EXPECT_EQ(ParseNode(object)->meta.name, (ObjectName{"", "x"}));
}

TEST(ServiceParser, ReadsEveryField) {
  const auto parsed = ParseService(Object(R"({"spec": {
    "type": "LoadBalancer", "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10", "fd00:96::a"],
    "ports": [{"name": "http", "port": 80, "nodePort": 30080, "targetPort": "web"},
              {"name": "dns", "protocol": "UDP", "port": 53}],
    "externalIPs": ["203.0.113.250"], "internalTrafficPolicy": "Local",
    "externalTrafficPolicy": "Local", "sessionAffinity": "ClientIP",
    "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}},
    "loadBalancerSourceRanges": [" 203.0.113.0/24"], "healthCheckNodePort": 31000},
    "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "lb.example"},
               {"ip": "192.0.2.2", "ipMode": "Proxy"}, {"ip": "192.0.2.3", "ipMode": "VIP"}]}}})"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  Service expected;
  expected.meta = parsed->meta;
  expected.type = ServiceType::kLoadBalancer;
  expected.cluster_ips = {Ip("10.96.0.10"), Ip("fd00:96::a")};
  expected.ports = {{"http", Protocol::kTcp, 80, 30080}, {"dns", Protocol::kUdp, 53, 0}};
  expected.external_ips = {Ip("203.0.113.250")};
  expected.internal_traffic_policy = TrafficPolicy::kLocal;
  expected.external_traffic_policy = TrafficPolicy::kLocal;
  expected.session_affinity = SessionAffinity::kClientIp;
  expected.affinity_timeout_seconds = 60;
  expected.load_balancer_source_ranges = {*Cidr::Parse("203.0.113.0/24")};
  expected.load_balancer_ingress = {
      {Ip("192.0.2.1"), false}, {Ip("192.0.2.2"), true}, {Ip("192.0.2.3"), false}};
  expected.health_check_node_port = 31000;
  EXPECT_TRUE(*parsed == expected);
}

TEST(ServiceParser, NullAndAbsentFieldsMeanTheirDefaults) {
  const auto parsed = ParseService(Object(R"({"spec": {"type": null, "ports": null,
    "clusterIP": "", "sessionAffinityConfig": {"clientIP": null}, "unknown": {"deep": [1]}},
    "status": null})"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  Service expected;
  expected.meta = parsed->meta;
  EXPECT_TRUE(*parsed == expected);
  EXPECT_EQ(parsed->affinity_timeout_seconds, 10800u);
}

TEST(ServiceParser, ClusterIpAloneIsEnough) {
  EXPECT_THAT(ParseService(Object(R"({"spec": {"clusterIP": "172.30.0.041"}})"))->cluster_ips,
              ElementsAre(Ip("172.30.0.41")));
}

TEST(ServiceParser, NoneIsHeadless) {
  for (const char* text : {R"({"spec": {"clusterIP": "None"}})",
                           R"({"spec": {"clusterIP": "None", "clusterIPs": ["None"]}})"}) {
    const auto service = ParseService(Object(text));
    ASSERT_TRUE(service.ok()) << service.status();
    EXPECT_TRUE(service->headless);
    EXPECT_THAT(service->cluster_ips, IsEmpty());
  }
}

TEST(EndpointSliceParser, ReadsEveryField) {
  const auto parsed = ParseEndpointSlice(Object(R"({
    "metadata": {"name": "web-1", "namespace": "shop",
                 "labels": {"kubernetes.io/service-name": "web"}},
    "addressType": "IPv6", "ports": [{"name": "http", "protocol": "TCP", "port": 8080}],
    "endpoints": [{"addresses": ["fd00::1", "not looked at"], "nodeName": "n1", "zone": "z1",
      "conditions": {"ready": false, "serving": true, "terminating": true},
      "hints": {"forZones": [{"name": "z1"}, {"name": "z2"}], "forNodes": [{"name": "n1"}]}}]})"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(ServiceOf(*parsed), (ObjectName{"shop", "web"}));
  EXPECT_EQ(parsed->address_type, AddressType::kIpv6);
  EXPECT_TRUE(parsed->ports == (std::vector<SlicePort>{{"http", Protocol::kTcp, 8080}}));
  const auto hints = std::make_shared<const EndpointHints>(EndpointHints{{"z1", "z2"}, {"n1"}});
  const SliceEndpoint expected{Ip("fd00::1"), false, true, true, "n1", hints};
  ASSERT_EQ(parsed->endpoints.size(), 1u);
  EXPECT_TRUE(parsed->endpoints[0] == expected);
}

TEST(EndpointSliceParser, NilConditionsMeanReadyAndServing) {
  const auto slice = ParseEndpointSlice(Object(
      R"({"addressType": "IPv4", "ports": [{"port": null}, {}],
          "endpoints": [{"addresses": ["10.0.0.1"]},
                        {"addresses": ["10.0.0.2"], "conditions": {"ready": null}}]})"));
  ASSERT_TRUE(slice.ok()) << slice.status();
  for (const SliceEndpoint& endpoint : slice->endpoints) {
    EXPECT_TRUE(endpoint.ready && endpoint.serving && !endpoint.terminating);
    EXPECT_EQ(endpoint.node_name, "");
  }
  EXPECT_TRUE(slice->ports == (std::vector<SlicePort>{{"", Protocol::kTcp, 0}, {}}));
}

TEST(EndpointSliceParser, FqdnSlicesAreReadWithoutTheirEndpoints) {
  const auto slice = ParseEndpointSlice(
      Object(R"({"addressType": "FQDN", "endpoints": [{"addresses": ["db.example"]}]})"));
  ASSERT_TRUE(slice.ok()) << slice.status();
  EXPECT_THAT(slice->endpoints, IsEmpty());
}

TEST(PodParser, ReadsEveryField) {
  const auto parsed = ParsePod(Object(R"({
    "spec": {"nodeName": "n1", "hostNetwork": true,
      "containers": [{"ports": [{"name": "http", "containerPort": 8080},
                                {"containerPort": 9090}]}],
      "initContainers": [
        {"restartPolicy": "Always", "ports": [{"name": "m", "containerPort": 1, "protocol": "UDP"}]},
        {"ports": [{"name": "gone", "containerPort": 2}]}]},
    "status": {"phase": "Running", "podIP": "10.1.0.2",
               "podIPs": [{"ip": "10.1.0.2"}, {"ip": "fd00:1::2"}]}})"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  Pod expected;
  expected.meta = parsed->meta;
  expected.node_name = "n1";
  expected.host_network = true;
  expected.phase = PodPhase::kRunning;
  expected.pod_ips = {Ip("10.1.0.2"), Ip("fd00:1::2")};
  expected.named_ports = {{"http", Protocol::kTcp, 8080}, {"m", Protocol::kUdp, 1}};
  EXPECT_TRUE(*parsed == expected);
}

TEST(PodParser, PodIpAloneIsEnough) {
  EXPECT_THAT(ParsePod(Object(R"({"status": {"podIP": "10.1.0.2"}})"))->pod_ips,
              ElementsAre(Ip("10.1.0.2")));
}

TEST(NodeParser, ReadsEveryField) {
  const auto parsed = ParseNode(Object(R"({
    "metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "z1"}},
    "spec": {"podCIDR": "10.1.0.0/24", "podCIDRs": ["10.1.0.0/24", "fd00:1::/64"],
             "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]},
    "status": {"addresses": [{"type": "Hostname", "address": "n1"},
      {"type": "InternalIP", "address": "192.0.2.1"}, {"type": "ExternalIP", "address": "x"},
      {"type": "InternalIP", "address": "2001:db8::1"}]}})"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->meta.labels.Find(kZoneLabel), "z1");
  EXPECT_THAT(parsed->pod_cidrs,
              ElementsAre(*Cidr::Parse("10.1.0.0/24"), *Cidr::Parse("fd00:1::/64")));
  EXPECT_THAT(parsed->internal_ips, ElementsAre(Ip("192.0.2.1"), Ip("2001:db8::1")));
  EXPECT_TRUE(parsed->taints == (std::vector<Taint>{{"k", "v", "NoSchedule"}}));
}

TEST(NodeParser, PodCidrAloneIsEnough) {
  EXPECT_THAT(ParseNode(Object(R"({"spec": {"podCIDR": "10.1.0.0/24"}})"))->pod_cidrs,
              ElementsAre(*Cidr::Parse("10.1.0.0/24")));
}

TEST(NodeParser, AnAnnotationReplacesTheFamiliesThatItNames) {
  const auto parsed = ParseNode(Object(R"({
    "metadata": {"name": "n1", "annotations": {
      "fairlead.dev/pod-cidrs": "10.9.0.0/24", "fairlead.dev/node-ips": "2001:db8::9, 192.0.2.9"}},
    "spec": {"podCIDRs": ["10.1.0.0/24", "fd00:1::/64"]},
    "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]}})"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->pod_cidrs,
              ElementsAre(*Cidr::Parse("fd00:1::/64"), *Cidr::Parse("10.9.0.0/24")));
  EXPECT_THAT(parsed->internal_ips, ElementsAre(Ip("2001:db8::9"), Ip("192.0.2.9")));
}

TEST(NodeParser, AnEmptyAnnotationChangesNothing) {
  const auto parsed = ParseNode(Object(R"({
    "metadata": {"name": "n1", "annotations": {"fairlead.dev/pod-cidrs": ""}},
    "spec": {"podCIDRs": ["10.1.0.0/24"]}})"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->pod_cidrs, ElementsAre(*Cidr::Parse("10.1.0.0/24")));
}

TEST(NamespaceParser, AlwaysHasItsNameAsLabel) {
  const auto parsed = ParseNamespace(Object(R"({"metadata": {"name": "shop",
                                                             "labels": {"team": "a"}}})"));
  EXPECT_THAT(parsed->meta.labels,
              ElementsAre(Pair("kubernetes.io/metadata.name", "shop"), Pair("team", "a")));
}

struct Mistake {
  const char* name;
  Kind kind;
  const char* object;
  const char* message;
};

void PrintTo(const Mistake& mistake, std::ostream* os) { *os << mistake.object; }

class ParserRefuses : public ::testing::TestWithParam<Mistake> {};

TEST_P(ParserRefuses, NamingTheFieldAndTheReason) {
  const auto parsed = ParseObject(GetParam().kind, Object(GetParam().object));
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Objects, ParserRefuses,
    ::testing::Values(
        Mistake{"NoName", Kind::kService, R"({"metadata": {}})", "metadata.name: is required"},
        Mistake{"NoMetadata", Kind::kNode, R"({"metadata": null})", "metadata.name: is required"},
        Mistake{"NumberAsLabel", Kind::kPod,
                R"({"metadata": {"name": "x", "labels": {"app.kubernetes.io/v": 1}}})",
                R"(metadata.labels["app.kubernetes.io/v"]: must be a string, is a number)"},
        Mistake{"PortTooLarge", Kind::kService,
                R"({"spec": {"ports": [{"port": 80}, {"port": 70000}]}})",
                "spec.ports[1].port: must be 1-65535, is 70000"},
        Mistake{"PortZero", Kind::kService, R"({"spec": {"ports": [{"port": 0}]}})",
                "spec.ports[0].port: must be 1-65535, is 0"},
        Mistake{"PortHuge", Kind::kService,
                R"({"spec": {"ports": [{"port": 18446744073709551615}]}})",
                "spec.ports[0].port: must be an integer, is a number"},
        Mistake{"PortQuoted", Kind::kService, R"({"spec": {"ports": [{"port": "80"}]}})",
                "spec.ports[0].port: must be an integer, is a string"},
        Mistake{"PortMissing", Kind::kService, R"({"spec": {"ports": [{"name": "http"}]}})",
                "spec.ports[0].port: is required"},
        Mistake{"PortTwice", Kind::kService,
                R"({"spec": {"ports": [{"port": 80}, {"name": "b", "port": 80}]}})",
                "spec.ports[1].port: is already a port of this Service with the same protocol"},
        Mistake{"ProtocolUnknown", Kind::kService,
                R"({"spec": {"ports": [{"port": 80, "protocol": "tcp"}]}})",
                R"(spec.ports[0].protocol: must be one of TCP, UDP, SCTP, is "tcp")"},
        Mistake{"PortsNotAList", Kind::kService, R"({"spec": {"ports": {"port": 80}}})",
                "spec.ports: must be a list, is a mapping"},
        Mistake{"SpecNotAMapping", Kind::kService, R"({"spec": [1]})",
                "spec: must be a mapping, is a list"},
        Mistake{"TypeUnknown", Kind::kService, R"({"spec": {"type": "Cluster"}})",
                "spec.type: must be one of ClusterIP, NodePort, LoadBalancer, ExternalName, "
                "is \"Cluster\""},
        Mistake{"ClusterIpUnreadable", Kind::kService, R"({"spec": {"clusterIPs": ["10.0.0"]}})",
                R"(spec.clusterIPs[0]: must be an IP address, is "10.0.0")"},
        Mistake{"PolicyUnknown", Kind::kService, R"({"spec": {"internalTrafficPolicy": "local"}})",
                R"(spec.internalTrafficPolicy: must be one of Cluster, Local, is "local")"},
        Mistake{"SourceRangeUnreadable", Kind::kService,
                R"({"spec": {"loadBalancerSourceRanges": ["10.0.0.0"]}})",
                "spec.loadBalancerSourceRanges[0]: must be an address block such as 10.0.0.0/8, "
                "is \"10.0.0.0\""},
        Mistake{"AffinityTimeoutTooLong", Kind::kService,
                R"({"spec": {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86401}}}})",
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds: must be 1-86400, is 86401"},
        Mistake{"AddressTypeMissing", Kind::kEndpointSlice, R"({})", "addressType: is required"},
        Mistake{"AddressOfTheOtherFamily", Kind::kEndpointSlice,
                R"({"addressType": "IPv6", "endpoints": [{"addresses": ["10.0.0.1"]}]})",
                "endpoints[0].addresses[0]: must be IPv6 like addressType, is 10.0.0.1"},
        Mistake{"NoAddress", Kind::kEndpointSlice,
                R"({"addressType": "IPv4", "endpoints": [{"addresses": []}]})",
                "endpoints[0].addresses: must hold an address"},
        Mistake{"ReadyIsText", Kind::kEndpointSlice,
                R"({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"],
                    "conditions": {"ready": "yes"}}]})",
                "endpoints[0].conditions.ready: must be true or false, is a string"},
        Mistake{"HintWithoutName", Kind::kEndpointSlice,
                R"({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"],
                    "hints": {"forZones": [{}]}}]})",
                "endpoints[0].hints.forZones[0].name: is required"},
        Mistake{"PodIpUnreadable", Kind::kPod, R"({"status": {"podIPs": [{"ip": "pending"}]}})",
                R"(status.podIPs[0].ip: must be an IP address, is "pending")"},
        Mistake{"PhaseUnknown", Kind::kPod, R"({"status": {"phase": "running"}})",
                "status.phase: must be one of Pending, Running, Succeeded, Failed, Unknown, "
                "is \"running\""},
        Mistake{"ContainerPortMissing", Kind::kPod,
                R"({"spec": {"containers": [{"ports": [{"name": "http"}]}]}})",
                "spec.containers[0].ports[0].containerPort: is required"},
        Mistake{"PodCidrUnreadable", Kind::kNode, R"({"spec": {"podCIDRs": ["10.1.0.0/40"]}})",
                "spec.podCIDRs[0]: must be an address block such as 10.0.0.0/8, "
                "is \"10.1.0.0/40\""},
        Mistake{"InternalIpUnreadable", Kind::kNode,
                R"({"status": {"addresses": [{"type": "InternalIP", "address": "n1"}]}})",
                R"(status.addresses[0].address: must be an IP address, is "n1")"},
        Mistake{"AnnotatedBlockUnreadable", Kind::kNode,
                R"({"metadata": {"name": "x",
                    "annotations": {"fairlead.dev/pod-cidrs": "10.1.0.0/24,10.2.0.0"}}})",
                "metadata.annotations[\"fairlead.dev/pod-cidrs\"]: must be an address block such "
                "as 10.0.0.0/8, is \"10.2.0.0\""},
        Mistake{"AnnotatedAddressUnreadable", Kind::kNode,
                R"({"metadata": {"name": "x", "annotations": {"fairlead.dev/node-ips": "n1"}}})",
                "metadata.annotations[\"fairlead.dev/node-ips\"]: must be an IP address, is "
                "\"n1\""}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(FindKind, KnowsAKindOnlyInItsOwnGroupAndVersion) {
  EXPECT_EQ(FindKind("v1", "Service"), Kind::kService);
  EXPECT_EQ(FindKind("discovery.k8s.io/v1", "EndpointSlice"), Kind::kEndpointSlice);
  EXPECT_EQ(FindKind("serving.knative.dev/v1", "Service"), std::nullopt);
  EXPECT_EQ(FindKind("v1", "EndpointSlice"), std::nullopt);
  EXPECT_EQ(FindKind("v1", "ConfigMap"), std::nullopt);
}

}  // namespace
}  // namespace fairlead::kube
