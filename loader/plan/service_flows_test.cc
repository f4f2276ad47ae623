// SPDX-License-Identifier: Apache-2.0
//
// kube-proxy's own expectations (tests/data/service-flows.json: its flow,
// topology and EndpointSlice tests, and e2e tests translated by hand), one test
// per set: to every kind of address, from pods, the node, loopback and outside.
//
// Left out:
//   - `masquerade` of a flow: decided per packet, not in this plan;
//   - "unproxied" for 127.0.0.1 where the node port addresses cover it: such a
//     kube-proxy was told not to; we serve it (docs/deviations.md);
//   - "accept": a hole in kube-proxy's own firewall, which we do not have;
//   - sets without a local detector, to which pods are outside: ours are known
//     by their interface;
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
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "loader/kube/any_object.h"
#include "loader/kube/node.h"
#include "loader/kube/object_store.h"
#include "loader/kube/parse.h"
#include "loader/plan/node_port_addresses.h"
#include "loader/plan/service_plan.h"

namespace fairlead::plan {
namespace {

using nlohmann::json;

constexpr size_t kSets = 115;

Protocol ProtocolOf(const std::string& name) {
  if (name == "UDP") return Protocol::kUdp;
  return name == "SCTP" ? Protocol::kSctp : Protocol::kTcp;
}

std::vector<json> LoadSets() {
  std::ifstream file(FAIRLEAD_TEST_DATA "/service-flows.json");
  std::vector<json> sets;
  for (json& set : json::parse(file)) {
    const std::string id = set.at("id");
    if (id == "svc-topo-11" || id == "svc-skip-headlesslabel") continue;
    if (set.at("proxy_config").value("localDetector", "") == "none") continue;
    sets.push_back(std::move(set));
  }
  return sets;
}

// "[192.168.0.0/24 127.0.0.1/32]", as Go prints a list.
std::vector<std::string> NodePortWords(const json& config) {
  const auto found = config.find("nodePortAddresses");
  if (found == config.end()) return {"primary"};
  std::string text = found->get<std::string>();
  text = text.substr(1, text.size() - 2);
  std::istringstream words(text);
  return {std::istream_iterator<std::string>(words), {}};
}

PlanContext ContextOf(const json& set) {
  PlanContext context;
  NodeAddresses own;
  for (const json& node : set.at("nodes")) {
    if (!node.at("this_node").get<bool>()) continue;
    context = {.node_name = node.at("name"), .zone = node.at("labels").value(kube::kZoneLabel, "")};
    for (const json& ip : node.at("ips")) {
      const IpAddress address = *IpAddress::Parse(ip.get<std::string>());
      context.node_addresses.push_back(address);
      auto& first = address.family() == Family::kIpv4 ? own.ip4 : own.ip6;
      if (!first.has_value()) first = address;
    }
  }
  context.node_port_addresses =
      ResolveNodePortAddresses(NodePortWords(set.at("proxy_config")), own, context.node_addresses);
  return context;
}

// Who serves a destination: by its address, or by every address of the node, as the dataplane asks.
class Lookup {
 public:
  Lookup(const ServicePlan& plan, const PlanContext& context) : plan_(plan), context_(context) {}

  const PlannedService* Service(const Frontend& to) const {
    const auto owner = plan_.owners.find(Known(to));
    return owner == plan_.owners.end() ? nullptr : &plan_.services.at(owner->second);
  }
  PlannedFrontend Entry(const Frontend& to) const {
    for (const PlannedFrontend& frontend : Service(to)->frontends) {
      if (frontend.address == Known(to)) return frontend;
    }
    ADD_FAILURE() << to << " has an owner that does not know it";
    return {};
  }

 private:
  Frontend Known(const Frontend& to) const {
    const auto& own = context_.node_addresses;
    const bool is_node = to.vip.IsLoopback() || std::ranges::find(own, to.vip) != own.end();
    if (plan_.owners.contains(to) || !is_node) return to;
    return {IpAddress::Unspecified(to.vip.family()), to.port, to.protocol};
  }

  const ServicePlan& plan_;
  const PlanContext& context_;
};

// By loadBalancerSourceRanges.
bool MayCome(const PlannedService& service, const PlannedFrontend& entry, const IpAddress& from) {
  return entry.kind != FrontendKind::kLoadBalancer || service.sources.empty() ||
         std::ranges::any_of(service.sources, [&](const Cidr& c) { return c.Contains(from); });
}

void ExpectAnswer(const Lookup& lookup, const json& flow) {
  SCOPED_TRACE(flow.dump());
  const Frontend to{*IpAddress::Parse(flow.at("to_ip").get<std::string>()), flow.at("to_port"),
                    ProtocolOf(flow.at("protocol"))};
  const json& expected = flow.at("expect");
  const PlannedService* service = lookup.Service(to);
  if (expected == "accept" || (expected == "unproxied" && to.vip.IsLoopback() && service)) return;
  if (expected == "unproxied") {
    EXPECT_EQ(service, nullptr);
    return;
  }
  ASSERT_NE(service, nullptr);
  const PlannedFrontend entry = lookup.Entry(to);
  if (!MayCome(*service, entry, *IpAddress::Parse(flow.at("from").get<std::string>()))) {
    EXPECT_EQ(expected, "drop");
    return;
  }
  const EndpointSet set = flow.at("from_kind") == "external" ? entry.outside : entry.inside;
  std::set<std::string> ready;
  for (const PlannedBackend& backend : service->backends) {
    if (backend.In(set)) ready.insert(backend.endpoint.ToString());
  }
  if (expected.is_array()) {
    EXPECT_EQ(ready, expected.get<std::set<std::string>>());
    return;
  }
  EXPECT_THAT(ready, ::testing::IsEmpty());
  EXPECT_EQ(service->usable_somewhere, expected == "drop");
  EXPECT_TRUE(expected == "drop" || expected == "reject");
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
  const PlanContext context = ContextOf(set);
  const ServicePlan plan = MakeServicePlan(store.services(), store.endpoint_slices(), context);
  const Lookup lookup(plan, context);
  for (const json& flow : set.at("flows")) ExpectAnswer(lookup, flow);
}

std::string SetName(const ::testing::TestParamInfo<json>& test) {
  std::string name = test.param.at("id");
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(KubeProxy, ServiceFlows, ::testing::ValuesIn(LoadSets()), SetName);

TEST(ServiceFlowSets, AreAllThere) { EXPECT_EQ(LoadSets().size(), kSets); }

}  // namespace
}  // namespace fairlead::plan
