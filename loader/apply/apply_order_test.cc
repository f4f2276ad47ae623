// SPDX-License-Identifier: Apache-2.0
//
// The order of writes is a promise, so it has a test: at every moment the
// tables describe whole services.
#include <gtest/gtest.h>

#include "loader/apply/node_tables.h"
#include "loader/apply/pod_table.h"
#include "loader/apply/service_tables_fixture.h"

namespace fairlead::apply {
namespace {

TEST_F(ServicesInTables, ARunHoldsTheReadyBackendsAndDrainingOnesKeepTheirNumber) {
  ASSERT_TRUE(
      services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 8080), Backend("10.1.0.3", 8080)}))
          .ok());
  const uint32_t second = NumberAt(1);
  ASSERT_TRUE(
      services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 8080), Draining("10.1.0.3", 8080)}))
          .ok());
  EXPECT_EQ(Find(kWeb4).count, 1U);
  EXPECT_EQ(tables_.v4.backends[second].state, BACKEND_LIVE);
  EXPECT_EQ(tables_.v4.backends[second].generation, 0U);
}

TEST_F(ServicesInTables, AGoneBackendGetsANewGenerationAndOthersKeepTheirNumber) {
  ASSERT_TRUE(
      services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 8080), Backend("10.1.0.3", 8080)}))
          .ok());
  const uint32_t first = NumberAt(0);
  const uint32_t second = NumberAt(1);
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.3", 8080)})).ok());
  EXPECT_EQ(NumberAt(0), second);
  EXPECT_EQ(tables_.v4.backends[first].state, BACKEND_FREE);
  EXPECT_EQ(tables_.v4.backends[first].generation, 1U);
  EXPECT_EQ(tables_.v4.backends[second].generation, 0U);
}

TEST_F(ServicesInTables, TheOldRunStaysWholeUntilTheBatchIsSettled) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 1)})).ok());
  const service before = Find(kWeb4);
  const uint32_t number = NumberAt(0);
  ASSERT_TRUE(
      services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 1), Backend("10.1.0.3", 1)})).ok());
  EXPECT_NE(Find(kWeb4).first, before.first);
  EXPECT_EQ(tables_.v4.runs[before.first], number);
}

TEST_F(ServicesInTables, AServiceWithoutEndpointsIsThereToRefuse) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({})).ok());
  EXPECT_NE(Find(kWeb4).id, 0U);
  EXPECT_EQ(Find(kWeb4).count, 0U);
}

TEST_F(ServicesInTables, WhatDoesNotFitIsNamedAndLeavesTheLastGoodState) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 1)})).ok());
  std::vector<plan::PlannedBackend> many;
  for (uint16_t port = 1; port <= 9; ++port) many.push_back(Backend("10.1.0.9", port));
  const absl::Status status = services_.Put(NameOf(kWeb4), Service(many));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(std::string(status.message()).find("shop/web"), std::string::npos) << status;
  EXPECT_EQ(Find(kWeb4).count, 1U);
  EXPECT_TRUE(
      services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 1), Backend("10.1.0.3", 1)})).ok());
}

TEST_F(ServicesInTables, ARestartAdoptsNumbersAndGenerations) {
  ASSERT_TRUE(
      services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 1), Backend("10.1.0.3", 1)})).ok());
  const service before = Find(kWeb4);
  const uint32_t second = NumberAt(1);
  Restart();
  plan::ServicePlan plan;
  plan.services[NameOf(kWeb4)] = Service({Backend("10.1.0.2", 1), Backend("10.1.0.3", 1)});
  ASSERT_TRUE(services_.Apply(plan).ok());
  EXPECT_EQ(Find(kWeb4).first, before.first);
  EXPECT_EQ(NumberAt(1), second);
  EXPECT_EQ(tables_.v4.backends[second].generation, 0U);
}

TEST_F(ServicesInTables, ApplyRemovesWhatThePlanDoesNotHave) {
  ASSERT_TRUE(services_.Put(NameOf(kWeb4), Service({Backend("10.1.0.2", 1)})).ok());
  ASSERT_TRUE(services_.Put(NameOf(kWeb6), Service({Backend("fd00::2", 1)}, kWeb6)).ok());
  ASSERT_TRUE(services_.Apply({}).ok());
  EXPECT_EQ(Find(kWeb4).id, 0U);
  EXPECT_EQ(tables_.v6.services.Snapshot()->size(), 0U);
  for (uint32_t i = 0; i < tables_.v6.backends.size(); ++i) {
    EXPECT_EQ(tables_.v6.backends[i].state, BACKEND_FREE);
  }
}

TEST_F(ServicesInTables, ASlotsNewTenantHasANewGeneration) {
  PodTable pods(tables_);
  PodEntry pod{.slot = 3,
               .ifindex = FL_POD_IFINDEX_BASE + 3,
               .mac = {2, 0, 0, 0, 0, 1},
               .ip4 = IpAddress::Parse("10.1.0.2").value(),
               .ip6 = IpAddress::Parse("fd00::2").value()};
  ASSERT_TRUE(pods.Put(pod).ok());
  const uint32_t generation = tables_.pods[3].generation;
  ASSERT_TRUE(pods.Put(pod).ok());
  EXPECT_EQ(tables_.pods[3].generation, generation);
  pod.mac[5] = 2;
  ASSERT_TRUE(pods.Put(pod).ok());
  EXPECT_NE(tables_.pods[3].generation, generation);
  ASSERT_TRUE(pods.Remove(3).ok());
  EXPECT_TRUE(pods.slots().empty());
  EXPECT_EQ(tables_.v4.pod_address.Snapshot()->size(), 0U);
}

TEST_F(ServicesInTables, APeerKeepsItsSlotWhenItsAddressChanges) {
  absl::StatusOr<NodeTables> nodes = NodeTables::Adopt(tables_);
  ASSERT_TRUE(nodes.ok());
  NodeFacts facts;
  facts.link_to = [](const IpAddress&) { return 7U; };
  facts.uplinks.push_back(
      {.ifindex = 7, .ip4 = IpAddress::Parse("172.31.0.11").value(), .ip6 = {}});
  facts.plan.peers.push_back({.name = "node2",
                              .pod_cidrs = {*Cidr::Parse("10.244.2.0/24")},
                              .ip4 = IpAddress::Parse("172.31.0.12").value(),
                              .ip6 = {}});
  ASSERT_TRUE(nodes->Apply(facts).ok());
  const uint32_t slot = nodes->slots().at("node2");
  const uint32_t generation = tables_.nodes[slot].generation;
  facts.plan.peers[0].ip4 = *IpAddress::Parse("172.31.0.99");
  ASSERT_TRUE(nodes->Apply(facts).ok());
  EXPECT_EQ(nodes->slots().at("node2"), slot);
  EXPECT_EQ(tables_.nodes[slot].generation, generation);
  EXPECT_EQ(FromAbi(tables_.nodes[slot].next_hop4).ToString(), "172.31.0.99");
  facts.plan.peers.clear();
  ASSERT_TRUE(nodes->Apply(facts).ok());
  EXPECT_EQ(tables_.nodes[slot].ifindex, 0U);
  EXPECT_EQ(tables_.v4.prefixes.Snapshot()->size(), 0U);
}

// Two nodes whose pods of one are behind a tunnel.
NodeFacts TunnelledNode() {
  NodeFacts facts;
  facts.tunnel_ifindex = 9;
  facts.plan.own = plan::OwnNode{.name = "node1",
                                 .pod_cidrs = {},
                                 .addresses = {.ip4 = *IpAddress::Parse("172.31.0.11"), .ip6 = {}},
                                 .zone = ""};
  facts.plan.peers.push_back({.name = "node2",
                              .pod_cidrs = {*Cidr::Parse("10.244.2.0/24")},
                              .ip4 = *IpAddress::Parse("172.31.0.12"),
                              .ip6 = *IpAddress::Parse("fd00:31::12")});
  facts.plan.peers[0].tunnel = facts.plan.peers[0].ip4;
  return facts;
}

TEST_F(ServicesInTables, ATunnelledPeerIsKnownByEachOfItsAddresses) {
  absl::StatusOr<NodeTables> nodes = NodeTables::Adopt(tables_);
  ASSERT_TRUE(nodes.ok());
  NodeFacts facts = TunnelledNode();
  ASSERT_TRUE(nodes->Apply(facts).ok());
  const uint32_t slot = nodes->slots().at("node2");
  const node& entry = tables_.nodes[slot];
  EXPECT_EQ(entry.ifindex, 9U);
  EXPECT_EQ(entry.way, uint32_t{NODE_TUNNEL4});
  EXPECT_EQ(FromMapped(entry.tunnel_local).ToString(), "172.31.0.11");
  EXPECT_EQ(FromMapped(entry.tunnel_remote).ToString(), "172.31.0.12");
  for (const char* address : {"172.31.0.12", "fd00:31::12"}) {
    const auto peer = tables_.tunnel_peers.Find({ToMapped(*IpAddress::Parse(address))});
    ASSERT_TRUE(peer.ok() && peer->has_value()) << address;
    EXPECT_EQ((*peer)->node, slot);
  }
  facts.plan.peers[0].tunnel = facts.plan.peers[0].ip4 = *IpAddress::Parse("172.31.0.99");
  ASSERT_TRUE(nodes->Apply(facts).ok());
  EXPECT_EQ(nodes->slots().at("node2"), slot);
  EXPECT_EQ(FromMapped(entry.tunnel_remote).ToString(), "172.31.0.99");
  EXPECT_EQ(tables_.tunnel_peers.Snapshot()->size(), 2U);
}

TEST_F(ServicesInTables, APeerIsFoundAgainAfterARestartByWhatHasNotChanged) {
  absl::StatusOr<NodeTables> nodes = NodeTables::Adopt(tables_);
  ASSERT_TRUE(nodes.ok());
  NodeFacts facts = TunnelledNode();
  facts.plan.peers.insert(facts.plan.peers.begin(), {.name = "node0",
                                                     .pod_cidrs = {*Cidr::Parse("10.244.9.0/24")},
                                                     .ip4 = *IpAddress::Parse("172.31.0.19"),
                                                     .ip6 = {}});
  ASSERT_TRUE(nodes->Apply(facts).ok());
  const uint32_t slot = nodes->slots().at("node2");
  const uint32_t generation = tables_.nodes[slot].generation;
  // Another address, natively, in the company of a new node; the block stays.
  facts.plan.peers[0] = {.name = "another", .pod_cidrs = {}, .ip4 = {}, .ip6 = {}};
  facts.plan.peers[1].tunnel.reset();
  facts.plan.peers[1].ip4 = *IpAddress::Parse("172.31.0.99");
  absl::StatusOr<NodeTables> restarted = NodeTables::Adopt(tables_);
  ASSERT_TRUE(restarted.ok());
  ASSERT_TRUE(restarted->Apply(facts).ok());
  EXPECT_EQ(restarted->slots().at("node2"), slot);
  EXPECT_EQ(tables_.nodes[slot].generation, generation);
  EXPECT_EQ(tables_.nodes[slot].way, uint32_t{NODE_NATIVE});
}

TEST_F(ServicesInTables, ATunnelIsNotFilledInWhileOurOwnNodeIsUnknown) {
  absl::StatusOr<NodeTables> nodes = NodeTables::Adopt(tables_);
  ASSERT_TRUE(nodes.ok());
  NodeFacts facts = TunnelledNode();
  ASSERT_TRUE(nodes->Apply(facts).ok());
  facts.plan.own.reset();
  facts.plan.peers[0].tunnel.reset();
  absl::StatusOr<NodeTables> restarted = NodeTables::Adopt(tables_);
  ASSERT_TRUE(restarted.ok());
  ASSERT_TRUE(restarted->Apply(facts, Unasked::kKeep).ok());
  EXPECT_EQ(tables_.nodes[restarted->slots().at("node2")].way, uint32_t{NODE_TUNNEL4});
  ASSERT_TRUE(restarted->Apply(facts, Unasked::kDelete).ok());
  EXPECT_EQ(tables_.nodes[restarted->slots().at("node2")].way, uint32_t{NODE_NATIVE});
}

TEST_F(ServicesInTables, WhileOurOwnNodeIsRecalledItsAddressStaysAndItsBlockUntilAllIsKnown) {
  absl::StatusOr<NodeTables> nodes = NodeTables::Adopt(tables_);
  ASSERT_TRUE(nodes.ok());
  NodeFacts facts = TunnelledNode();
  facts.plan.own->pod_cidrs = {*Cidr::Parse("10.244.1.0/24")};
  ASSERT_TRUE(nodes->Apply(facts).ok());
  facts.plan = plan::Recall({.own = {}, .peers = {}, .problems = {}}, *facts.plan.own);
  const node_state4& state = tables_.v4.node_state[0];
  ASSERT_TRUE(nodes->Apply(facts, Unasked::kKeep).ok());
  EXPECT_EQ(FromAbi(state.pod_network).ToString(), "10.244.1.0");
  ASSERT_TRUE(nodes->Apply(facts, Unasked::kDelete).ok());
  EXPECT_TRUE(FromAbi(state.pod_network).IsUnspecified());
  EXPECT_EQ(FromAbi(state.address).ToString(), "172.31.0.11");
}

}  // namespace
}  // namespace fairlead::apply
