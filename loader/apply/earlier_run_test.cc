// SPDX-License-Identifier: Apache-2.0
//
// What an earlier run has left in the tables: it is known again by its frontends,
// and goes when it is sure that nobody asks for it.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "loader/apply/service_tables_fixture.h"

namespace fairlead::apply {
namespace {

class EarlierRun : public ServicesInTables {
 protected:
  void SetUp() override {
    ServicesInTables::SetUp();
    Put(kWeb4, "web", {Backend("10.1.0.2", 1), Backend("10.1.0.3", 1)});
    first_ = NumberAt(0);
    second_ = NumberAt(1);
  }
  void Put(const plan::Frontend& frontend, const char* name,
           std::vector<plan::PlannedBackend> backends) {
    ASSERT_TRUE(services_.Put(NameOf(frontend, name), Service(std::move(backends), frontend)).ok());
  }
  void Apply(std::vector<plan::PlannedBackend> backends, Unasked unasked) {
    plan::ServicePlan plan;
    plan::AddService(NameOf(kWeb4), Service(std::move(backends)), "", plan);
    ASSERT_TRUE(services_.Apply(plan, unasked).ok());
  }
  uint8_t StateOf(uint32_t number) const { return tables_.v4.backends[number].state; }

  uint32_t first_ = 0, second_ = 0;
};

TEST_F(EarlierRun, AnEndpointThatCannotBeReadDrains) {
  Restart();
  Apply({Backend("10.1.0.3", 1)}, Unasked::kKeep);
  EXPECT_EQ(Find(kWeb4).count, 1U);
  EXPECT_EQ(StateOf(first_), BACKEND_LIVE);
  EXPECT_EQ(tables_.v4.backends[first_].generation, 0U);
  Apply({Backend("10.1.0.3", 1)}, Unasked::kDelete);
  EXPECT_EQ(StateOf(first_), BACKEND_FREE);
}

TEST_F(EarlierRun, AServiceWhoseEndpointsCannotBeReadIsServedAsBefore) {
  Restart();
  Apply({}, Unasked::kKeep);
  EXPECT_EQ(Find(kWeb4).count, 2U);
  EXPECT_EQ(NumberAt(0), first_);
  EXPECT_EQ(StateOf(first_), BACKEND_LIVE | BACKEND_IN_CLUSTER);
  // One of them is read, and goes later: that is known for sure.
  Apply({Backend("10.1.0.2", 1)}, Unasked::kKeep);
  EXPECT_EQ(Find(kWeb4).count, 1U);
  Apply({Backend("10.1.0.4", 1)}, Unasked::kKeep);
  EXPECT_EQ(StateOf(first_), BACKEND_FREE);
  EXPECT_EQ(StateOf(second_), BACKEND_LIVE);
}

TEST_F(EarlierRun, WhoHasBeenAskedForAndIsNotAnyMoreGoesAtOnce) {
  Restart();
  Apply({Backend("10.1.0.2", 1)}, Unasked::kKeep);
  ASSERT_TRUE(services_.Apply({}, Unasked::kKeep).ok());
  EXPECT_EQ(Find(kWeb4).id, 0U);
}

TEST_F(EarlierRun, ItIsWhoeverHasMostOfItsFrontends) {
  const plan::Frontend moved{*IpAddress::Parse("203.0.113.250"), 80, Protocol::kTcp};
  const plan::Frontend other{*IpAddress::Parse("203.0.113.251"), 80, Protocol::kTcp};
  plan::PlannedService web = Service({Backend("10.1.0.2", 1), Backend("10.1.0.3", 1)});
  web.frontends.push_back({.address = moved});
  web.frontends.push_back({.address = other});
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), web).ok());
  const uint32_t id = Find(kWeb4).id;
  Restart();
  // One of them is another's by now, whose name comes first.
  web.frontends.erase(web.frontends.begin() + 1);
  plan::ServicePlan plan;
  plan::AddService(NameOf(kWeb4), web, "", plan);
  plan::AddService(NameOf(moved, "a"), Service({Backend("10.1.0.9", 1)}, moved), "", plan);
  ASSERT_TRUE(services_.Apply(plan).ok());
  EXPECT_EQ(Find(kWeb4).id, id);
  EXPECT_EQ(Find(other).id, id);
  EXPECT_NE(Find(moved).id, id);
  EXPECT_EQ(tables_.v4.backends[first_].generation, 0U);
}

// A daemon that dies between a backend and its Service leaves one that nobody counts.
TEST_F(EarlierRun, AStrayBackendTakesNoPortFromAProcessOfThisNode) {
  plan::PlannedBackend process = Backend("172.31.0.11", 9100);
  process.on_host = true;
  Put(kWeb4, "web", {process});
  const uint32_t number = NumberAt(0);
  const uint32_t stray = number + 3;
  tables_.v4.backends[stray] = tables_.v4.backends[number];
  tables_.v4.backends[stray].service = 4711;
  Restart();
  EXPECT_EQ(StateOf(stray), BACKEND_FREE);
  const uint32_t word = tables_.v4.service_ports[SERVICE_PORT_WORD(SERVICE_PORT_OF_BACKEND, 9100)];
  EXPECT_NE(word & SERVICE_PORT_BIT(9100), 0U);
}

}  // namespace
}  // namespace fairlead::apply
