// SPDX-License-Identifier: Apache-2.0
//
// Which Services have a health check on this node, and what it counts.
#include "loader/plan/health_check_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/kube/store_fixture.h"

namespace fairlead::plan {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

HealthCheckPlan PlanOf(const std::string& yaml) {
  return MakeHealthCheckPlan(kube::StoreOf(yaml), "node1");
}

// A Service web with ports http and dns; `spec` continues its spec, `endpoints` its slice's list.
std::string Web(const std::string& spec, const std::string& endpoints) {
  return fmt::format(R"(
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{clusterIPs: [10.96.0.10, "fd00::10"], ports: [{{name: http, port: 80}}, {{name: dns, port: 53, protocol: UDP}}], {}}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, namespace: shop, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}, {{name: dns, port: 53, protocol: UDP}}]
endpoints: [{}]
)",
                     spec, endpoints);
}

constexpr char kLocalBalancer[] =
    "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 32000";
constexpr char kHere[] = "{addresses: [10.1.0.1], nodeName: node1}";
constexpr char kElsewhere[] = "{addresses: [10.2.0.1], nodeName: node2}";

TEST(HealthCheckPlan, CountsEachLocalReadyAddressOnce) {
  const HealthCheckPlan plan =
      PlanOf(Web(kLocalBalancer, fmt::format("{}, {}", kHere, kElsewhere)));
  ASSERT_THAT(plan.checks, SizeIs(1));
  EXPECT_EQ(plan.checks[0], (HealthCheck{{"shop", "web"}, 32000, 1, 0}));
}

TEST(HealthCheckPlan, LeavesOutWhatIsTerminatingThoughItServes) {
  const HealthCheckPlan plan = PlanOf(
      Web(kLocalBalancer,
          "{addresses: [10.1.0.1], nodeName: node1, conditions: {ready: false, serving: true, "
          "terminating: true}}"));
  ASSERT_THAT(plan.checks, SizeIs(1));
  EXPECT_EQ(plan.checks[0].local_ready4, 0);
  // It is still fallen back to.
  EXPECT_EQ(plan.without_local4, WithoutLocalEndpoints());
}

TEST(HealthCheckPlan, IsForLoadBalancersWithPolicyLocalOnly) {
  for (const char* spec :
       {"type: LoadBalancer, healthCheckNodePort: 32000",
        "type: NodePort, externalTrafficPolicy: Local, healthCheckNodePort: 32000",
        "type: LoadBalancer, externalTrafficPolicy: Local"}) {
    EXPECT_THAT(PlanOf(Web(spec, kHere)).checks, IsEmpty()) << spec;
  }
}

TEST(HealthCheckPlan, LeavesOutServicesOfAnotherProxy) {
  std::string yaml = Web(kLocalBalancer, kHere);
  const std::string name = "{name: web, namespace: shop}";
  yaml.replace(yaml.find(name), name.size(),
               "{name: web, namespace: shop, labels: {service.kubernetes.io/service-proxy-name: "
               "other}}");
  EXPECT_THAT(PlanOf(yaml).checks, IsEmpty());
}

TEST(HealthCheckPlan, CountsPortsWithoutLocalEndpoints) {
  const HealthCheckPlan external = PlanOf(Web(kLocalBalancer, kElsewhere));
  EXPECT_EQ(external.without_local4, (WithoutLocalEndpoints{0, 2}));
  EXPECT_EQ(external.without_local6, WithoutLocalEndpoints());  // there are no endpoints at all
  const HealthCheckPlan internal = PlanOf(Web("internalTrafficPolicy: Local", kElsewhere));
  EXPECT_EQ(internal.without_local4, (WithoutLocalEndpoints{2, 0}));
  EXPECT_EQ(PlanOf(Web(kLocalBalancer, kHere)).without_local4, WithoutLocalEndpoints());
}

}  // namespace
}  // namespace fairlead::plan
