// SPDX-License-Identifier: Apache-2.0
//
// Objects as a user writes them → frontends and backends as the dataplane gets
// them, one promise per test. The decisions kube-proxy's own tests cover are in
// service_flows_test.cc.
#include "loader/plan/service_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "loader/kube/store_fixture.h"

namespace fairlead::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

ServicePlan PlanOf(const std::string& yaml) {
  const kube::ObjectStore store = kube::StoreOf(yaml);
  return MakeServicePlan(store.services(), store.endpoint_slices(), {"node1", "zone1"});
}

// "10.1.0.2:8080 ready local" for each backend.
std::vector<std::string> Texts(const PlannedService& service) {
  std::vector<std::string> texts;
  for (const PlannedBackend& backend : service.backends) {
    texts.push_back(fmt::format("{} {}{}", backend.endpoint.ToString(),
                                backend.in_cluster || backend.in_local ? "ready" : "draining",
                                backend.local ? " local" : ""));
  }
  return texts;
}

std::vector<std::string> Frontends(const ServicePlan& plan) {
  std::vector<std::string> texts;
  for (const auto& [frontend, owner] : plan.owners) texts.push_back(frontend.ToString());
  return texts;
}

const PlannedService& At(const ServicePlan& plan, const char* address, uint16_t port,
                         Protocol protocol = Protocol::kTcp) {
  return plan.services.at(plan.owners.at({*IpAddress::Parse(address), port, protocol}));
}

// The plan's only service, with these endpoints: "address node flags…", where flags are of
// notready, notserving, terminating.
PlannedService Only(const std::string& service_spec, const std::vector<std::string>& endpoints) {
  std::string yaml = fmt::format(R"(
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{clusterIP: 10.96.0.10, ports: [{{name: http, port: 80}}]{}}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: s, namespace: shop, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}]
endpoints:
)",
                                 service_spec);
  for (const std::string& endpoint : endpoints) yaml += fmt::format("- {{{}}}\n", endpoint);
  const ServicePlan plan = PlanOf(yaml);
  EXPECT_EQ(plan.services.size(), 1u);
  return plan.services.empty() ? PlannedService{} : plan.services.begin()->second;
}

constexpr char kReady1[] = "addresses: [10.1.0.1], nodeName: node1";
constexpr char kReady2[] = "addresses: [10.1.0.2], nodeName: node2";
constexpr char kDying1[] =
    "addresses: [10.1.0.1], nodeName: node1, conditions: {ready: false, terminating: true}";
constexpr char kDying2[] =
    "addresses: [10.1.0.2], nodeName: node2, conditions: {ready: false, terminating: true}";
constexpr char kDead1[] =
    "addresses: [10.1.0.1], nodeName: node1, "
    "conditions: {ready: false, serving: false, terminating: true}";
constexpr char kLocalPolicy[] = ", internalTrafficPolicy: Local";

struct Policy {
  const char* name;
  const char* spec;
  std::vector<std::string> endpoints;
  std::vector<std::string> backends;
  bool elsewhere;
};

void PrintTo(const Policy& policy, std::ostream* os) { *os << policy.name; }

class PolicyOfAService : public ::testing::TestWithParam<Policy> {};

TEST_P(PolicyOfAService, DecidesWhoIsReadyWhoDrainsAndWhoIsLeftOut) {
  const PlannedService service = Only(GetParam().spec, GetParam().endpoints);
  EXPECT_EQ(Texts(service), GetParam().backends);
  const bool has_none = std::ranges::none_of(service.backends, [](const PlannedBackend& backend) {
    return backend.in_cluster || backend.in_local;
  });
  EXPECT_EQ(has_none && service.usable_somewhere, GetParam().elsewhere);
}

INSTANTIATE_TEST_SUITE_P(
    ClusterIp, PolicyOfAService,
    ::testing::Values(
        Policy{"NoEndpoints", "", {}, {}, false},
        Policy{"AllReady",
               "",
               {kReady2, kReady1},
               {"10.1.0.1:8080 ready local", "10.1.0.2:8080 ready"},
               false},
        Policy{"TerminatingDrainsWhileOthersAreReady",
               "",
               {kDying1, kReady2},
               {"10.1.0.1:8080 draining local", "10.1.0.2:8080 ready"},
               false},
        Policy{"OnlyTerminatingIsUsed",
               "",
               {kDying1, kDying2},
               {"10.1.0.1:8080 ready local", "10.1.0.2:8080 ready"},
               false},
        Policy{"NotServingKeepsItsTcpFlows", "", {kDead1}, {"10.1.0.1:8080 draining local"}, false},
        Policy{"NotReadyButServingOnlyKeepsItsFlows",
               "",
               {"addresses: [10.1.0.3], conditions: {ready: false, serving: true}"},
               {"10.1.0.3:8080 draining"},
               false},
        Policy{"LocalUsesOnlyThisNode",
               kLocalPolicy,
               {kReady1, kReady2},
               {"10.1.0.1:8080 ready local", "10.1.0.2:8080 draining"},
               false},
        Policy{"LocalWithoutLocalOnesDrops",
               kLocalPolicy,
               {kReady2},
               {"10.1.0.2:8080 draining"},
               true},
        Policy{"LocalFallsBackToItsTerminatingOnesThoughOthersAreReady",
               kLocalPolicy,
               {kDying1, kReady2},
               {"10.1.0.1:8080 ready local", "10.1.0.2:8080 draining"},
               false},
        Policy{"LocalWithOnlyDeadOnesRejects",
               kLocalPolicy,
               {kDead1},
               {"10.1.0.1:8080 draining local"},
               false},
        Policy{"LocalWithRemoteTerminatingOnesDrops",
               kLocalPolicy,
               {kDying2},
               {"10.1.0.2:8080 draining"},
               true},
        Policy{"UnknownNodeIsNotLocal",
               kLocalPolicy,
               {"addresses: [10.1.0.9]"},
               {"10.1.0.9:8080 draining"},
               true},
        Policy{"ZoneHintsKeepTrafficInTheZone",
               "",
               {"addresses: [10.1.0.1], hints: {forZones: [{name: zone1}]}",
                "addresses: [10.1.0.2], hints: {forZones: [{name: zone2}]}"},
               {"10.1.0.1:8080 ready", "10.1.0.2:8080 draining"},
               false},
        Policy{"ZoneHintsAreIgnoredUnlessAllHaveThem",
               "",
               {"addresses: [10.1.0.1], hints: {forZones: [{name: zone1}]}", kReady2},
               {"10.1.0.1:8080 ready", "10.1.0.2:8080 ready"},
               false},
        Policy{"NodeHintsComeBeforeZoneHints",
               "",
               {"addresses: [10.1.0.1], hints: {forZones: [{name: zone1}], "
                "forNodes: [{name: node1}]}",
                "addresses: [10.1.0.2], hints: {forZones: [{name: zone1}], "
                "forNodes: [{name: node2}]}"},
               {"10.1.0.1:8080 ready", "10.1.0.2:8080 draining"},
               false},
        Policy{"HintsDoNotConcernTheLocalSet",
               kLocalPolicy,
               {"addresses: [10.1.0.1], nodeName: node1, hints: {forZones: [{name: zone2}]}",
                "addresses: [10.1.0.2], hints: {forZones: [{name: zone1}]}"},
               {"10.1.0.1:8080 ready local", "10.1.0.2:8080 draining"},
               false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ServicePlan, EachFamilyOfAServiceGoesToEndpointsOfThatFamily) {
  const ServicePlan plan = PlanOf(R"(
{apiVersion: v1, kind: Service, metadata: {name: web},
 spec: {clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10, "fd00:96::a"], ports: [{port: 80}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: web-4, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 8080}], endpoints: [{addresses: [10.1.0.1]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv6,
 metadata: {name: web-6, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 8086}], endpoints: [{addresses: ["fd00:1::1"]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: FQDN,
 metadata: {name: web-f, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 80}], endpoints: [{addresses: [db.example]}]}
)");
  ASSERT_THAT(Frontends(plan), ElementsAre("10.96.0.10:80/tcp", "[fd00:96::a]:80/tcp"));
  EXPECT_THAT(Texts(At(plan, "10.96.0.10", 80)), ElementsAre("10.1.0.1:8080 ready"));
  EXPECT_THAT(Texts(At(plan, "fd00:96::a", 80)), ElementsAre("[fd00:1::1]:8086 ready"));
  EXPECT_EQ(plan.services.begin()->first.ToString(), "default/web");
}

TEST(ServicePlan, PortsAreMatchedByNameAndProtocol) {
  const ServicePlan plan = PlanOf(R"(
{apiVersion: v1, kind: Service, metadata: {name: dns}, spec: {clusterIP: 10.96.0.10,
  ports: [{name: dns, protocol: UDP, port: 53}, {name: dns-tcp, protocol: TCP, port: 53},
          {name: metrics, port: 9153}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: s, labels: {kubernetes.io/service-name: dns}},
 ports: [{name: dns, protocol: UDP, port: 5353}, {name: dns-tcp, protocol: TCP, port: 5354},
         {name: metrics, protocol: UDP, port: 9153}, {name: metrics, protocol: TCP}],
 endpoints: [{addresses: [10.1.0.1]}]}
)");
  ASSERT_THAT(Frontends(plan),
              ElementsAre("10.96.0.10:53/tcp", "10.96.0.10:53/udp", "10.96.0.10:9153/tcp"));
  EXPECT_EQ(plan.owners.begin()->second.ToString(), "default/dns:dns-tcp");
  EXPECT_THAT(Texts(At(plan, "10.96.0.10", 53)), ElementsAre("10.1.0.1:5354 ready"));
  EXPECT_THAT(Texts(At(plan, "10.96.0.10", 53, Protocol::kUdp)),
              ElementsAre("10.1.0.1:5353 ready"));
  EXPECT_THAT(Texts(At(plan, "10.96.0.10", 9153)), IsEmpty());
}

TEST(ServicePlan, SlicesAreMergedAndDuplicatesPreferTheOneThatStays) {
  const ServicePlan plan = PlanOf(R"(
{apiVersion: v1, kind: Service, metadata: {name: web},
 spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: a, labels: {kubernetes.io/service-name: web}}, ports: [{port: 8080}],
 endpoints: [{addresses: [10.1.0.1], conditions: {ready: false, terminating: true}},
             {addresses: [10.1.0.2, 10.1.0.99]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: b, labels: {kubernetes.io/service-name: web}}, ports: [{port: 8080}],
 endpoints: [{addresses: [10.1.0.1], nodeName: node1},
             {addresses: [10.1.0.2], conditions: {ready: false, terminating: true}}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: c, labels: {kubernetes.io/service-name: web}}, ports: [{port: 9090}],
 endpoints: [{addresses: [10.1.0.1]}]}
)");
  EXPECT_THAT(
      Texts(plan.services.begin()->second),
      ElementsAre("10.1.0.1:8080 ready local", "10.1.0.1:9090 ready", "10.1.0.2:8080 ready"));
}

TEST(ServicePlan, SlicesOfOthersAreNotUsed) {
  const ServicePlan plan = PlanOf(R"(
{apiVersion: v1, kind: Service, metadata: {name: web},
 spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: web},
 ports: [{port: 1}], endpoints: [{addresses: [10.1.0.1]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: s, namespace: other, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 2}], endpoints: [{addresses: [10.1.0.1]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: h, labels: {kubernetes.io/service-name: web,
                              service.kubernetes.io/headless: ""}},
 ports: [{port: 3}], endpoints: [{addresses: [10.1.0.1]}]}
)");
  ASSERT_EQ(plan.services.size(), 1u);
  EXPECT_THAT(Texts(plan.services.begin()->second), IsEmpty());
}

struct Skipped {
  const char* name;
  const char* service;
};

void PrintTo(const Skipped& skipped, std::ostream* os) { *os << skipped.service; }

class ServiceOfOthers : public ::testing::TestWithParam<Skipped> {};

TEST_P(ServiceOfOthers, HasNoFrontend) {
  const ServicePlan plan =
      PlanOf(fmt::format("{{apiVersion: v1, kind: Service, {}}}\n", GetParam().service));
  EXPECT_THAT(Frontends(plan), IsEmpty());
  EXPECT_THAT(plan.problems, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Services, ServiceOfOthers,
    ::testing::Values(
        Skipped{"NoClusterIp", "metadata: {name: x}, spec: {ports: [{port: 80}]}"},
        Skipped{"EmptyClusterIp",
                "metadata: {name: x}, spec: {clusterIP: '', ports: [{port: 80}]}"},
        Skipped{"Headless", "metadata: {name: x}, spec: {clusterIP: None, ports: [{port: 80}]}"},
        Skipped{"ExternalNameWithAStaleClusterIp",
                "metadata: {name: x}, spec: {type: ExternalName, externalName: a.example, "
                "clusterIP: 10.96.0.1, ports: [{port: 80}]}"},
        Skipped{"OtherProxy",
                "metadata: {name: x, labels: {service.kubernetes.io/service-proxy-name: other}}, "
                "spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ServicePlan, TheHeadlessLabelOnAServiceMeansNothing) {
  EXPECT_THAT(Frontends(PlanOf(R"({apiVersion: v1, kind: Service,
    metadata: {name: x, labels: {service.kubernetes.io/headless: ""}},
    spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}})")),
              ElementsAre("10.96.0.1:80/tcp"));
}

TEST(ServicePlan, OfTwoServicesWithOneFrontendTheOlderGetsIt) {
  const ServicePlan plan = PlanOf(R"(
{apiVersion: v1, kind: Service,
 metadata: {name: a, creationTimestamp: "2026-11-23T03:06:27Z"},
 spec: {clusterIP: 10.96.0.1, ports: [{port: 80}, {name: b, port: 81}]}}
---
{apiVersion: v1, kind: Service,
 metadata: {name: b, creationTimestamp: "2026-11-23T03:06:26Z"},
 spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service,
 metadata: {name: c, creationTimestamp: "2026-11-23T03:06:27Z"},
 spec: {clusterIP: 10.96.0.1, ports: [{port: 81}]}}
)");
  ASSERT_THAT(Frontends(plan), ElementsAre("10.96.0.1:80/tcp", "10.96.0.1:81/tcp"));
  EXPECT_EQ(plan.owners.begin()->second.ToString(), "default/b");
  EXPECT_EQ(plan.owners.rbegin()->second.ToString(), "default/a:b");
  EXPECT_THAT(
      plan.problems,
      UnorderedElementsAre(PlanProblem{{kube::Kind::kService, {"default", "a"}},
                                       "10.96.0.1:80/tcp already belongs to Service default/b"},
                           PlanProblem{{kube::Kind::kService, {"default", "c"}},
                                       "10.96.0.1:81/tcp already belongs to Service default/a"}));
}

TEST(ServicePlan, AnExternalIpThatIsALoadBalancersIsTheLoadBalancers) {
  const auto kind_of = [](const char* mode) {
    const ServicePlan plan = PlanOf(fmt::format(R"(
{{apiVersion: v1, kind: Service, metadata: {{name: web}},
 spec: {{type: LoadBalancer, clusterIP: 10.96.0.10, externalIPs: [192.0.2.80],
        loadBalancerSourceRanges: [10.0.0.0/8], ports: [{{port: 80}}]}},
 status: {{loadBalancer: {{ingress: [{{ip: 192.0.2.80, ipMode: {}}}]}}}}}}
)",
                                                mode));
    const Frontend address{*IpAddress::Parse("192.0.2.80"), 80, Protocol::kTcp};
    return FindFrontend(plan, address, false).value().frontend->kind;
  };
  EXPECT_EQ(kind_of("VIP"), FrontendKind::kLoadBalancer);
  EXPECT_EQ(kind_of("Proxy"), FrontendKind::kExternalIp);
}

// A host elsewhere may have that address.
TEST(ServicePlan, AnExternalIpOfAFamilyThatTheServiceDoesNotHaveIsNotServed) {
  EXPECT_THAT(Frontends(PlanOf(R"({apiVersion: v1, kind: Service, metadata: {name: web},
    spec: {clusterIP: 10.96.0.10, externalIPs: [192.0.2.80, "2001:db8::80"],
           ports: [{port: 80}]}})")),
              ElementsAre("10.96.0.10:80/tcp", "192.0.2.80:80/tcp"));
}

TEST(ServicePlan, OneServiceAloneIsPlannedAsInTheWhole) {
  const kube::ObjectStore store = kube::StoreOf(R"(
{apiVersion: v1, kind: Service, metadata: {name: web},
 spec: {clusterIPs: [10.96.0.10, "fd00:96::a"], ports: [{port: 80}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: s, labels: {kubernetes.io/service-name: web}},
 ports: [{port: 8080}], endpoints: [{addresses: [10.1.0.1]}, {addresses: [10.1.0.2]}]}
)");
  const PlanContext context{"node1", ""};
  const auto services =
      PlanService(*store.services().begin()->second, store.SlicesOf({"default", "web"}), context);
  const ServicePlan plan = MakeServicePlan(store.services(), store.endpoint_slices(), context);
  ASSERT_EQ(services.size(), 2u);
  for (const auto& [name, service] : services) {
    EXPECT_TRUE(plan.services.at(name) == service) << name.ToString();
  }
}

}  // namespace
}  // namespace fairlead::plan
