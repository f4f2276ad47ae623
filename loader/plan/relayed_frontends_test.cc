// SPDX-License-Identifier: Apache-2.0
//
// With direct return every frontend that relays has a twin for what other nodes relay to this one.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/kube/store_fixture.h"
#include "loader/plan/service_plan.h"

namespace fairlead::plan {
namespace {

using ::testing::UnorderedElementsAre;

// What other nodes relay to this one is for its own endpoints, while it has any.
TEST(RelayedFrontends, AreForTheEndpointsOfThisNodeWhileItHasAny) {
  const auto plan_of = [](const char* policy, const char* node) {
    const kube::ObjectStore store = kube::StoreOf(fmt::format(R"(
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec:
  type: NodePort
  clusterIP: 10.96.0.10
  externalIPs: [192.0.2.1]
  externalTrafficPolicy: {}
  ports: [{{name: http, port: 80, nodePort: 30080}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: s, namespace: shop, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}]
endpoints:
- {{addresses: [10.1.0.1], nodeName: {}}}
- {{addresses: [10.1.0.2], nodeName: node2}}
)",
                                                              policy, node));
    const PlanContext context{.node_name = "node1",
                              .zone = "",
                              .node_port_addresses = {*IpAddress::Parse("172.31.0.11")},
                              .direct_return = true};
    std::vector<std::string> texts;
    const ServicePlan plan = MakeServicePlan(store.services(), store.endpoint_slices(), context);
    for (const PlannedFrontend& frontend : plan.services.begin()->second.frontends) {
      texts.push_back(fmt::format("{}{} {}", frontend.address.ToString(),
                                  frontend.relays ? " relays" : "",
                                  frontend.outside == EndpointSet::kLocal ? "local" : "cluster"));
    }
    return texts;
  };
  EXPECT_THAT(
      plan_of("Cluster", "node1"),
      UnorderedElementsAre("10.96.0.10:80/tcp cluster", "192.0.2.1:80/tcp relays cluster",
                           "192.0.2.1:80/tcp relayed local", "172.31.0.11:30080/tcp relays cluster",
                           "0.0.0.0:30080/tcp relayed local"));
  EXPECT_THAT(plan_of("Cluster", "node2"),
              UnorderedElementsAre("10.96.0.10:80/tcp cluster", "192.0.2.1:80/tcp relays cluster",
                                   "192.0.2.1:80/tcp relayed cluster",
                                   "172.31.0.11:30080/tcp relays cluster",
                                   "0.0.0.0:30080/tcp relayed cluster"));
  EXPECT_THAT(plan_of("Local", "node1"),
              UnorderedElementsAre("10.96.0.10:80/tcp cluster", "192.0.2.1:80/tcp local",
                                   "172.31.0.11:30080/tcp local"));
}

}  // namespace
}  // namespace fairlead::plan
