// SPDX-License-Identifier: Apache-2.0
//
// kube-proxy's own expectations (tests/data/service-flows.json: its flow,
// topology and EndpointSlice tests, and e2e tests translated by hand), one test
// per set, for the flows whose destination is a ClusterIP.
//
// Left out, because no plan of ClusterIP frontends can answer them:
//   - flows to node ports, external IPs, load balancer addresses, health check
//     ports, loopback and addresses that are no ClusterIP; sets with no others;
//   - `masquerade` of a flow: decided per packet, not in this plan;
//   - svc-topo-11: needs a feature gate off that 1.36 has locked on;
//   - svc-skip-headlesslabel: wants a Service with the *slice* label
//     service.kubernetes.io/headless unproxied. kube-proxy's informers filter
//     slices by it, Services by clusterIP; such a Service has no endpoints and
//     is rejected (ServicePlan.TheHeadlessLabelOnAServiceMeansNothing).
// "unproxied" for a port that a Service does not have means here: no frontend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "loader/kube/any_object.h"
#include "loader/kube/node.h"
#include "loader/kube/object_store.h"
#include "loader/kube/parse.h"
#include "loader/plan/service_plan.h"

namespace fairlead::plan {
namespace {

using nlohmann::json;

constexpr size_t kSetsWithClusterIpFlows = 98;

Protocol ProtocolOf(const std::string& name) {
  if (name == "UDP") return Protocol::kUdp;
  return name == "SCTP" ? Protocol::kSctp : Protocol::kTcp;
}

bool HasClusterIp(const json& set, const std::string& address) {
  const auto& services = set.at("services");
  return std::any_of(services.begin(), services.end(), [&](const json& object) {
    const auto service = kube::ParseService(object);
    if (!service.ok()) return false;
    const auto& ips = service->cluster_ips;
    return std::any_of(ips.begin(), ips.end(),
                       [&](const IpAddress& ip) { return ip.ToString() == address; });
  });
}

std::vector<json> ClusterIpFlows(const json& set) {
  std::vector<json> flows;
  for (const json& flow : set.at("flows")) {
    if (HasClusterIp(set, flow.at("to_ip"))) flows.push_back(flow);
  }
  return flows;
}

std::vector<json> LoadSets() {
  std::ifstream file(FAIRLEAD_TEST_DATA "/service-flows.json");
  std::vector<json> sets;
  for (json& set : json::parse(file)) {
    const std::string id = set.at("id");
    if (id == "svc-topo-11" || id == "svc-skip-headlesslabel") continue;
    if (!ClusterIpFlows(set).empty()) sets.push_back(std::move(set));
  }
  return sets;
}

class ServiceFlows : public ::testing::TestWithParam<json> {};

TEST_P(ServiceFlows, AreAnsweredAsKubeProxyAnswers) {
  const json& set = GetParam();
  kube::ObjectStore store;
  for (const auto& [kind, objects] :
       {std::pair(kube::Kind::kService, &set.at("services")),
        std::pair(kube::Kind::kEndpointSlice, &set.at("endpointslices"))}) {
    for (const json& object : *objects) {
      auto parsed = kube::ParseObject(kind, object);
      ASSERT_TRUE(parsed.ok()) << parsed.status() << "\n" << object;
      store.Put(*parsed, "");
    }
  }
  PlanContext context;
  for (const json& node : set.at("nodes")) {
    if (!node.at("this_node").get<bool>()) continue;
    context = {node.at("name"), node.at("labels").value(kube::kZoneLabel, "")};
  }
  const ServicePlan plan = MakeServicePlan(store.services(), store.endpoint_slices(), context);

  for (const json& flow : ClusterIpFlows(set)) {
    SCOPED_TRACE(flow.dump());
    const Frontend frontend{*IpAddress::Parse(flow.at("to_ip").get<std::string>()),
                            flow.at("to_port"), ProtocolOf(flow.at("protocol"))};
    const auto found = plan.services.find(frontend);
    const json& expected = flow.at("expect");
    if (expected == "unproxied") {
      EXPECT_EQ(found, plan.services.end());
      continue;
    }
    ASSERT_NE(found, plan.services.end());
    std::set<std::string> ready;
    for (const PlannedBackend& backend : found->second.backends) {
      if (backend.state == BackendState::kReady) ready.insert(backend.endpoint.ToString());
    }
    if (expected.is_array()) {
      EXPECT_EQ(ready, expected.get<std::set<std::string>>());
      continue;
    }
    EXPECT_THAT(ready, ::testing::IsEmpty());
    EXPECT_EQ(found->second.has_endpoints_elsewhere, expected == "drop");
    EXPECT_TRUE(expected == "drop" || expected == "reject");
  }
}

std::string SetName(const ::testing::TestParamInfo<json>& test) {
  std::string name = test.param.at("id");
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(KubeProxy, ServiceFlows, ::testing::ValuesIn(LoadSets()), SetName);

TEST(ServiceFlowSets, AreAllThere) { EXPECT_EQ(LoadSets().size(), kSetsWithClusterIpFlows); }

}  // namespace
}  // namespace fairlead::plan
