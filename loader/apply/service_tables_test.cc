// SPDX-License-Identifier: Apache-2.0
//
// A service port in the tables: its frontends share what they can share, and a
// restart finds it again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/apply/service_tables_fixture.h"

namespace fairlead::apply {
namespace {

using ::testing::HasSubstr;

const plan::Frontend kNodePort4{*IpAddress::Parse("172.31.0.11"), 30080, Protocol::kTcp};
const plan::Frontend kExternal4{*IpAddress::Parse("203.0.113.250"), 80, Protocol::kTcp};

plan::PlannedBackend LocalBackend(const char* address, uint16_t port) {
  plan::PlannedBackend backend = Backend(address, port);
  backend.in_local = true;
  backend.local = true;
  return backend;
}

// ClusterIP and a NodePort that is outside for local endpoints only.
plan::PlannedService WithNodePort(std::vector<plan::PlannedBackend> backends) {
  plan::PlannedService service = Service(std::move(backends));
  service.usable_somewhere = true;
  service.frontends.push_back({.address = kNodePort4,
                               .kind = plan::FrontendKind::kNodePort,
                               .outside = plan::EndpointSet::kLocal});
  return service;
}

TEST_F(ServicesInTables, FrontendsOfAServicePortShareItsIdItsBackendsAndItsRuns) {
  ASSERT_TRUE(
      services_
          .Put(NameOf(kWeb4), WithNodePort({LocalBackend("10.1.0.2", 1), Backend("10.1.1.2", 1)}))
          .ok());
  const service web = Find(kWeb4);
  const service node_port = Find(kNodePort4);
  EXPECT_EQ(web.id, node_port.id);
  EXPECT_EQ(web.first, node_port.first);
  EXPECT_EQ(web.outside_first, web.first);
  EXPECT_EQ(node_port.count, 2U);
  EXPECT_EQ(node_port.outside_count, 1U);
  EXPECT_EQ(node_port.flags & (SERVICE_ON_HOST | SERVICE_OUTSIDE_LOCAL),
            uint32_t{SERVICE_ON_HOST | SERVICE_OUTSIDE_LOCAL});
  EXPECT_EQ(web.flags & (SERVICE_ON_HOST | SERVICE_OUTSIDE_LOCAL), 0U);
  EXPECT_EQ(node_port.kind, uint32_t{SERVICE_NODE_PORT});
  const uint32_t local = tables_.v4.runs[node_port.outside_first];
  EXPECT_EQ(FromAbi(tables_.v4.backends[local].address).ToString(), "10.1.0.2");
  EXPECT_EQ(tables_.v4.backends[local].state, BACKEND_LIVE | BACKEND_IN_CLUSTER | BACKEND_IN_LOCAL);
}

// The first of them, by name, lacks room.
TEST_F(ServicesInTables, ALackOfRoomHidesNoOtherFailure) {
  plan::ServicePlan plan;
  std::vector<plan::PlannedBackend> many;
  for (uint16_t port = 1; port < 20; ++port) many.push_back(Backend("10.1.0.2", port));
  plan.services[NameOf(kWeb4, "a")] = Service(std::move(many));
  EXPECT_TRUE(absl::IsResourceExhausted(services_.Apply(plan)));
  plan.services[NameOf(kWeb6, "b")] = Service({Backend("fd00:1::2", 80)}, kWeb6);
  tables_.v6.services = {};
  const absl::Status status = services_.Apply(plan);
  EXPECT_FALSE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("service shop/a"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("service shop/b"));
}

TEST_F(ServicesInTables, EqualSetsAreOneRun) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), WithNodePort({LocalBackend("10.1.0.2", 1)})).ok());
  EXPECT_EQ(Find(kNodePort4).outside_first, Find(kNodePort4).first);
}

TEST_F(ServicesInTables, AnEmptySetSaysWhetherThereAreOthersElsewhere) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), WithNodePort({Backend("10.1.1.2", 1)})).ok());
  EXPECT_EQ(Find(kNodePort4).outside_count, 0U);
  EXPECT_NE(Find(kNodePort4).flags & SERVICE_OUTSIDE_NO_LOCAL, 0U);
}

TEST_F(ServicesInTables, AFrontendThatIsLeftOutGoesAndTheOthersStay) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), WithNodePort({Backend("10.1.1.2", 1)})).ok());
  const service before = Find(kWeb4);
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.1.2", 1)})).ok());
  EXPECT_EQ(Find(kNodePort4).id, 0U);
  EXPECT_EQ(Find(kWeb4).first, before.first);
  EXPECT_EQ(Find(kWeb4).id, before.id);
}

TEST_F(ServicesInTables, AFrontendMovesToAnotherServiceInEitherOrder) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), WithNodePort({Backend("10.1.1.2", 1)})).ok());
  const plan::ServicePortName other = NameOf(kNodePort4, "other");
  ASSERT_TRUE(services_.Put(other, Service({Backend("10.1.1.3", 1)}, kNodePort4)).ok());
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.1.2", 1)})).ok());
  EXPECT_NE(Find(kNodePort4).id, 0U);
  EXPECT_NE(Find(kNodePort4).id, Find(kWeb4).id);
  ASSERT_TRUE(services_.Remove(NameOf(kWeb4)).ok());
  EXPECT_EQ(Find(kNodePort4).count, 1U);
}

TEST_F(ServicesInTables, APortBitIsThereForEveryFrontend) {
  const auto bit = [this](uint16_t port) {
    return tables_.v4.service_ports[SERVICE_PORT_WORD(SERVICE_PORT_TCP, port)] &
           SERVICE_PORT_BIT(port);
  };
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), WithNodePort({})).ok());
  EXPECT_NE(bit(80), 0U);
  EXPECT_NE(bit(30080), 0U);
  ASSERT_TRUE(services_.Remove(NameOf(kWeb4)).ok());
  EXPECT_EQ(bit(80) | bit(30080), 0U);
}

TEST_F(ServicesInTables, WhatFindsNoRoomForItsLastFrontendLeavesNoneBehind) {
  plan::PlannedService many = WithNodePort({Backend("10.1.1.2", 1)});
  for (uint16_t port = 1; port <= 3; ++port) {
    many.frontends.push_back({.address = {kExternal4.vip, port, Protocol::kTcp}});
  }
  const absl::Status status = services_.Put(NameOf(kWeb4), many);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("shop/web"));
  EXPECT_EQ(tables_.v4.services.Snapshot()->size(), 0U);
  // And what was there comes back.
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.1.3", 1)})).ok());
  const service before = Find(kWeb4);
  EXPECT_FALSE(services_.Put(NameOf(kWeb4), many).ok());
  EXPECT_EQ(Find(kWeb4).first, before.first);
  EXPECT_EQ(tables_.v4.services.Snapshot()->size(), 1U);
}

TEST_F(ServicesInTables, WhatFindsNoRoomHasTheSourceRangesThatItHad) {
  plan::PlannedService many = WithNodePort({Backend("10.1.1.2", 1)});
  for (uint16_t port = 1; port <= 3; ++port) {
    many.frontends.push_back({.address = {kExternal4.vip, port, Protocol::kTcp}});
  }
  many.sources = {*Cidr::Parse("10.0.0.0/8")};
  EXPECT_FALSE(services_.Put(NameOf(kWeb4), many).ok());
  EXPECT_EQ(tables_.v4.source_ranges.Snapshot()->size(), 0U);
  plan::PlannedService one = Service({Backend("10.1.1.3", 1)});
  one.sources = {*Cidr::Parse("192.0.2.0/24")};
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), one).ok());
  EXPECT_FALSE(services_.Put(NameOf(kWeb4), many).ok());
  const auto ranges = *tables_.v4.source_ranges.Snapshot();
  ASSERT_EQ(ranges.size(), 1U);
  EXPECT_EQ(FromAbi(ranges[0].first.address).ToString(), "192.0.2.0");
}

TEST_F(ServicesInTables, ARestartFindsAServicePortByMostOfItsFrontends) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), WithNodePort({Backend("10.1.1.2", 1)})).ok());
  const uint32_t id = Find(kWeb4).id;
  const uint32_t number = NumberAt(0);
  Restart();
  // Another address by now.
  plan::PlannedService web = Service({Backend("10.1.1.2", 1)}, kExternal4);
  web.frontends.push_back({.address = kNodePort4, .kind = plan::FrontendKind::kNodePort});
  plan::ServicePlan plan;
  plan::AddService(NameOf(kWeb4), web, "", plan);
  ASSERT_TRUE(services_.Apply(plan).ok());
  EXPECT_EQ(Find(kNodePort4).id, id);
  EXPECT_EQ(Find(kExternal4).id, id);
  EXPECT_EQ(Find(kWeb4).id, 0U);
  EXPECT_EQ(tables_.v4.runs[Find(kNodePort4).first], number);
  EXPECT_EQ(tables_.v4.backends[number].generation, 0U);
}

TEST_F(ServicesInTables, HostPortsOfAnEarlierRunNeverStayUnasked) {
  const plan::Frontend host{*IpAddress::Parse("0.0.0.0"), 8080, Protocol::kTcp};
  plan::PlannedService pod = Service({Backend("10.1.0.2", 1)}, host);
  pod.frontends[0].kind = plan::FrontendKind::kHostPort;
  ASSERT_TRUE(services_.Put(NameOf(host, "pod"), pod).ok());
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), WithNodePort({Backend("10.1.0.3", 1)})).ok());
  Restart();
  ASSERT_TRUE(services_.Apply({}, Unasked::kKeep).ok());
  EXPECT_EQ(Find(host).id, 0U);
  EXPECT_NE(Find(kNodePort4).id, 0U);
  ASSERT_TRUE(services_.Apply({}).ok());
  EXPECT_EQ(tables_.v4.services.Snapshot()->size(), 0U);
}

}  // namespace
}  // namespace fairlead::apply
