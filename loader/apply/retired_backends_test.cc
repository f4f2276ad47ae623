// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a backend whose service port is gone while it has flows:
// it keeps its number and them, until its endpoint goes, too.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "loader/apply/service_tables_fixture.h"

namespace fairlead::apply {
namespace {

class RetiredBackends : public ServicesInTables {
 protected:
  void SetUp() override {
    ServicesInTables::SetUp();
    ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 1)})).ok());
    number_ = NumberAt(0);
  }
  // As the dataplane counts them.
  void SetFlows(uint32_t flows) { tables_.v4.backend_flows[number_] = flows; }
  void RemoveWithFlows() {
    SetFlows(1);
    ASSERT_TRUE(services_.Remove(NameOf(kWeb4)).ok());
  }
  bool IsFree() const { return tables_.v4.backends[number_].state == BACKEND_FREE; }
  uint32_t generation() const { return tables_.v4.backends[number_].generation; }

  uint32_t number_ = 0;
};

TEST_F(RetiredBackends, ItKeepsItsFlowsAndGetsNoNewOnes) {
  RemoveWithFlows();
  EXPECT_EQ(tables_.v4.backends[number_].state, BACKEND_LIVE);
  EXPECT_EQ(tables_.v4.backends[number_].service, 0U);
  EXPECT_EQ(generation(), 0U);
}

TEST_F(RetiredBackends, WithoutFlowsItIsFreed) {
  ASSERT_TRUE(services_.Remove(NameOf(kWeb4)).ok());
  EXPECT_TRUE(IsFree());
  EXPECT_EQ(generation(), 1U);
}

TEST_F(RetiredBackends, TheNextServicePortWithThatEndpointGetsItWithItsFlows) {
  RemoveWithFlows();
  const plan::ServicePortName renamed = NameOf(kWeb4, "renamed");
  ASSERT_TRUE(services_.Put(renamed, Service({Backend("10.1.0.2", 1)})).ok());
  EXPECT_EQ(NumberAt(0), number_);
  EXPECT_EQ(generation(), 0U);
  EXPECT_EQ(tables_.v4.backend_flows[number_], 1U);
  EXPECT_EQ(tables_.v4.backends[number_].service, Find(kWeb4).id);
  // And ends them when the endpoint goes.
  ASSERT_TRUE(services_.Put(renamed, Service({})).ok());
  EXPECT_TRUE(IsFree());
}

TEST_F(RetiredBackends, AServicePortThatIsRenamedInOneBatchLeavesItsFlowsAlone) {
  SetFlows(1);
  plan::ServicePlan plan;
  plan::AddService(NameOf(kWeb4, "renamed"), Service({Backend("10.1.0.2", 1)}), "", plan);
  ASSERT_TRUE(services_.Apply(plan).ok());
  EXPECT_EQ(generation(), 0U);
  // The endpoint has two numbers now, and goes with both.
  ASSERT_TRUE(services_.Put(NameOf(kWeb4, "renamed"), Service({})).ok());
  EXPECT_TRUE(IsFree());
}

TEST_F(RetiredBackends, TheyAreFreedWhenTheirFlowsAreOverAndAnotherRetires) {
  RemoveWithFlows();
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.3", 1)})).ok());
  SetFlows(0);
  ASSERT_TRUE(services_.Remove(NameOf(kWeb4)).ok());
  EXPECT_TRUE(IsFree());
}

TEST_F(RetiredBackends, WhoNeedsANumberGetsTheirs) {
  RemoveWithFlows();
  services_.Settle();
  std::vector<plan::PlannedBackend> all;
  for (uint16_t port = 1; port <= kSmall.backends; ++port) all.push_back(Backend("10.1.0.9", port));
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service(all)).ok());
  EXPECT_EQ(FromAbi(tables_.v4.backends[number_].address).ToString(), "10.1.0.9");
  EXPECT_EQ(generation(), 1U);
}

TEST_F(RetiredBackends, AServiceThatFindsNoRoomLeavesThemAlone) {
  RemoveWithFlows();
  plan::PlannedService service = Service({Backend("10.1.0.2", 1)});
  for (uint16_t port = 1; port <= kSmall.services; ++port) {
    service.frontends.push_back({.address = {kWeb4.vip, port, Protocol::kTcp}});
  }
  EXPECT_FALSE(services_.Put(NameOf(kWeb4), service).ok());
  EXPECT_FALSE(IsFree());
  EXPECT_EQ(generation(), 0U);
  service.frontends.resize(1);
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), service).ok());
  EXPECT_EQ(NumberAt(0), number_);
}

TEST_F(RetiredBackends, ARestartKnowsThem) {
  RemoveWithFlows();
  Restart();
  ASSERT_TRUE(services_.Apply({}).ok());
  EXPECT_EQ(generation(), 0U);
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 1)})).ok());
  EXPECT_EQ(NumberAt(0), number_);
}

TEST_F(RetiredBackends, ServicesThatWentDuringARestartLeaveTheirFlowsAloneToo) {
  SetFlows(1);
  Restart();
  ASSERT_TRUE(services_.Apply({}).ok());
  EXPECT_EQ(Find(kWeb4).id, 0U);
  EXPECT_FALSE(IsFree());
}

TEST_F(RetiredBackends, A11_51_datagrams_do_not_go_to_one) {
  const plan::Frontend dns{*IpAddress::Parse("10.96.0.11"), 53, Protocol::kUdp};
  ASSERT_TRUE(services_.Put(NameOf(dns, "dns"), Service({Backend("10.1.0.2", 53)}, dns)).ok());
  uint32_t number = 0;
  while (tables_.v4.backends[number].port != htons(53)) ++number;
  tables_.v4.backend_flows[number] = 1;
  ASSERT_TRUE(services_.Remove(NameOf(dns, "dns")).ok());
  EXPECT_EQ(tables_.v4.backends[number].state, BACKEND_FREE);
}

TEST_F(RetiredBackends, AHostPortsFlowsEndWithItsPod) {
  const plan::Frontend host{*IpAddress::Parse("0.0.0.0"), 8080, Protocol::kTcp};
  plan::ServicePortName pod = NameOf(host, "pod");
  pod.owner.kind = kube::Kind::kPod;
  ASSERT_TRUE(services_.Put(pod, Service({Backend("10.1.0.7", 1)}, host)).ok());
  uint32_t number = 0;
  while (FromAbi(tables_.v4.backends[number].address).ToString() != "10.1.0.7") ++number;
  tables_.v4.backend_flows[number] = 1;
  ASSERT_TRUE(services_.Remove(pod).ok());
  EXPECT_EQ(tables_.v4.backends[number].state, BACKEND_FREE);
}

}  // namespace
}  // namespace fairlead::apply
