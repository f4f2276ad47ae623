// SPDX-License-Identifier: Apache-2.0
//
// kube-proxy's own expectations, asked of the plan: one test per set, with flows to every kind of
// address, from pods, the node, loopback and outside. What a packet shows is asked of the programs
// that ship, in flow_packets_test.cc.
//
// "unproxied" for 127.0.0.1 where the node port addresses cover it is of a kube-proxy that was told
// not to serve it; we do (docs/deviations.md). For a port that a Service does not have it means
// here: no frontend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/contract/flow_sets.h"

namespace fairlead::contract {
namespace {

using plan::Frontend;
using plan::FrontendKind;
using plan::PlannedBackend;
using plan::PlannedFrontend;
using plan::PlannedService;

// Who serves a destination: by its address, or by every address of the node, as the dataplane asks.
class Lookup {
 public:
  Lookup(const plan::ServicePlan& plan, const plan::PlanContext& context)
      : plan_(plan), context_(context) {}

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

  const plan::ServicePlan& plan_;
  const plan::PlanContext& context_;
};

// By loadBalancerSourceRanges.
bool MayCome(const PlannedService& service, const PlannedFrontend& entry, const IpAddress& from) {
  return entry.kind != FrontendKind::kLoadBalancer || service.sources.empty() ||
         std::ranges::any_of(service.sources, [&](const Cidr& c) { return c.Contains(from); });
}

void ExpectAnswer(const Lookup& lookup, const Flow& flow, bool is_inside) {
  SCOPED_TRACE(flow.text);
  const PlannedService* service = lookup.Service(flow.to);
  if (flow.answer == Answer::kUnproxied) {
    EXPECT_TRUE(service == nullptr || flow.to.vip.IsLoopback());
    return;
  }
  ASSERT_NE(service, nullptr);
  const PlannedFrontend entry = lookup.Entry(flow.to);
  if (!MayCome(*service, entry, flow.from)) {
    EXPECT_EQ(flow.answer, Answer::kDrop);
    return;
  }
  std::set<Endpoint> ready;
  for (const PlannedBackend& backend : service->backends) {
    if (backend.In(is_inside ? entry.inside : entry.outside)) ready.insert(backend.endpoint);
  }
  EXPECT_EQ(ready, flow.backends);
  if (flow.answer != Answer::kBackends) {
    EXPECT_EQ(service->usable_somewhere, flow.answer == Answer::kDrop);
  }
}

class ServiceFlows : public ::testing::TestWithParam<size_t> {};

TEST_P(ServiceFlows, A4_19_A5_22_are_answered_as_kube_proxy_answers) {
  const FlowSet& set = AllFlowSets().at(GetParam());
  const plan::PlanContext context = set.Context();
  const plan::ServicePlan plan =
      plan::MakeServicePlan(set.objects.services(), set.objects.endpoint_slices(), context);
  const Lookup lookup(plan, context);
  for (const Flow& flow : set.flows) ExpectAnswer(lookup, flow, set.IsInside(flow));
}

std::string SetName(const ::testing::TestParamInfo<size_t>& test) {
  std::string name = AllFlowSets().at(test.param).id;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

constexpr size_t kSets = 119;
INSTANTIATE_TEST_SUITE_P(KubeProxy, ServiceFlows, ::testing::Range(size_t{0}, kSets), SetName);

TEST(ServiceFlowSets, AreAllThere) { EXPECT_EQ(AllFlowSets().size(), kSets); }

}  // namespace
}  // namespace fairlead::contract
