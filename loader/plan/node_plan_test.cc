// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/node_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/kube/node.h"

namespace fairlead::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Given {
  std::string name;
  std::vector<const char*> blocks;
  std::vector<const char*> addresses;
  std::string created = "";
};

NodePlan PlanOf(const std::vector<Given>& given, const std::string& own) {
  kube::ObjectMap<kube::Node> nodes;
  for (const Given& one : given) {
    kube::Node node;
    node.meta.name = {"", one.name};
    node.meta.creation_timestamp = one.created;
    node.meta.labels.Set(kube::kZoneLabel, "zone of " + one.name);
    for (const char* block : one.blocks) node.pod_cidrs.push_back(*Cidr::Parse(block));
    for (const char* ip : one.addresses) node.internal_ips.push_back(*IpAddress::Parse(ip));
    nodes.Put(std::make_shared<const kube::Node>(node));
  }
  return MakeNodePlan(nodes, own);
}

// "node1 10.1.0.0/24 fd00:1::/64 via 192.0.2.1 2001:db8::1"
std::string Text(const PeerNode& node) {
  std::string text = node.name;
  for (const Cidr& block : node.pod_cidrs) text += " " + block.ToString();
  text += " via";
  for (const auto& ip : {node.ip4, node.ip6}) text += ip ? " " + ip->ToString() : " -";
  return text;
}

std::vector<std::string> Peers(const NodePlan& plan) {
  std::vector<std::string> texts;
  for (const PeerNode& node : plan.peers) texts.push_back(Text(node));
  return texts;
}

std::vector<std::string> Problems(const NodePlan& plan) {
  std::vector<std::string> texts;
  for (const PlanProblem& problem : plan.problems) {
    texts.push_back(fmt::format("{}: {}", problem.object.ToString(), problem.reason));
  }
  return texts;
}

TEST(NodePlan, TellsTheOwnNodeFromItsPeersInBothFamilies) {
  const NodePlan plan =
      PlanOf({{"c", {"10.1.3.0/24"}, {"192.0.2.3"}},
              {"a", {"10.1.1.0/24", "fd00:1::/64"}, {"192.0.2.1", "192.0.2.9", "2001:db8::1"}},
              {"b", {"10.1.2.0/24", "fd00:2::/64"}, {"2001:db8::2", "192.0.2.2"}}},
             "a");
  ASSERT_TRUE(plan.own.has_value());
  EXPECT_EQ(plan.own->name, "a");
  EXPECT_EQ(plan.own->zone, "zone of a");
  EXPECT_THAT(plan.own->pod_cidrs,
              ElementsAre(*Cidr::Parse("10.1.1.0/24"), *Cidr::Parse("fd00:1::/64")));
  EXPECT_EQ(plan.own->addresses.ip4, *IpAddress::Parse("192.0.2.1"));
  EXPECT_EQ(plan.own->addresses.Of(Family::kIpv6), *IpAddress::Parse("2001:db8::1"));
  EXPECT_EQ(plan.own->addresses.first, Family::kIpv4);
  EXPECT_THAT(Peers(plan), ElementsAre("b 10.1.2.0/24 fd00:2::/64 via 192.0.2.2 2001:db8::2",
                                       "c 10.1.3.0/24 via 192.0.2.3 -"));
  EXPECT_THAT(Problems(plan), IsEmpty());
}

TEST(NodePlan, WithoutANodeOfOurNameThereAreOnlyPeers) {
  const NodePlan plan = PlanOf({{"b", {}, {}}}, "a");
  EXPECT_FALSE(plan.own.has_value());
  EXPECT_THAT(Peers(plan), ElementsAre("b via - -"));
}

TEST(NodePlan, FlagsReplaceTheFamiliesThatTheyName) {
  kube::Node node;
  node.meta.name = {"", "a"};
  node.pod_cidrs = {*Cidr::Parse("10.1.1.0/24"), *Cidr::Parse("fd00:1::/64")};
  node.internal_ips = {*IpAddress::Parse("192.0.2.1")};
  kube::ObjectMap<kube::Node> nodes;
  nodes.Put(std::make_shared<const kube::Node>(node));
  const NodePlan plan = MakeNodePlan(
      nodes, "a",
      {.pod_cidrs = {*Cidr::Parse("10.9.0.0/24")}, .node_ips = {*IpAddress::Parse("2001:db8::1")}});
  EXPECT_THAT(plan.own->pod_cidrs,
              ElementsAre(*Cidr::Parse("fd00:1::/64"), *Cidr::Parse("10.9.0.0/24")));
  EXPECT_EQ(plan.own->addresses.ip4, *IpAddress::Parse("192.0.2.1"));
  EXPECT_EQ(plan.own->addresses.ip6, *IpAddress::Parse("2001:db8::1"));
}

TEST(NodePlan, FlagsStandForTheNodeObjectWhileThereIsNone) {
  const NodePlan plan = MakeNodePlan({}, "a", {.pod_cidrs = {*Cidr::Parse("10.1.0.0/24")}});
  ASSERT_TRUE(plan.own.has_value());
  EXPECT_EQ(plan.own->name, "a");
  EXPECT_THAT(plan.own->pod_cidrs, ElementsAre(*Cidr::Parse("10.1.0.0/24")));
  EXPECT_FALSE(MakeNodePlan({}, "a", {}).own.has_value());
}

TEST(NodePlan, TheOwnBlockNeedsNoAddress) {
  const NodePlan plan = PlanOf({{"a", {"10.1.1.0/24"}, {}}}, "a");
  EXPECT_EQ(plan.own->pod_cidrs.size(), 1u);
  EXPECT_THAT(Problems(plan), IsEmpty());
}

struct Overlap {
  const char* name;
  const char* first;
  const char* second;
  bool overlaps;
};

void PrintTo(const Overlap& overlap, std::ostream* os) {
  *os << overlap.first << " and " << overlap.second;
}

class TwoBlocks : public ::testing::TestWithParam<Overlap> {};

TEST_P(TwoBlocks, AreBothUsedUnlessTheyOverlap) {
  const NodePlan plan = PlanOf({{"b", {GetParam().first}, {"192.0.2.2", "2001:db8::2"}},
                                {"c", {GetParam().second}, {"192.0.2.3", "2001:db8::3"}}},
                               "a");
  EXPECT_EQ(plan.peers[0].pod_cidrs.size(), 1u);
  EXPECT_EQ(plan.peers[1].pod_cidrs.empty(), GetParam().overlaps);
  EXPECT_EQ(plan.problems.size(), GetParam().overlaps ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Blocks, TwoBlocks,
    ::testing::Values(Overlap{"Same", "10.1.0.0/24", "10.1.0.0/24", true},
                      Overlap{"SecondInFirst", "10.1.0.0/16", "10.1.5.0/24", true},
                      Overlap{"FirstInSecond", "10.1.5.0/24", "10.1.0.0/16", true},
                      Overlap{"SameStart", "10.1.0.0/24", "10.1.0.0/16", true},
                      Overlap{"NextToEachOther", "10.1.0.0/24", "10.1.1.0/24", false},
                      Overlap{"OtherOrder", "10.1.1.0/24", "10.1.0.0/24", false},
                      Overlap{"OtherFamily", "10.1.0.0/24", "fd00::/64", false},
                      Overlap{"Ipv6", "fd00::/48", "fd00:0:0:1::/64", true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(NodePlan, OfOverlappingBlocksTheOwnWinsThenTheOlderNodes) {
  const NodePlan plan = PlanOf({{"a", {"10.1.0.0/24"}, {"192.0.2.1"}, "2026-01-03T00:00:00Z"},
                                {"b", {"10.2.0.0/24"}, {"192.0.2.2"}, "2026-01-02T00:00:00Z"},
                                {"c", {"10.2.0.0/24"}, {"192.0.2.3"}, "2026-01-01T00:00:00Z"},
                                {"d", {"10.1.0.0/25"}, {"192.0.2.4"}, "2026-01-01T00:00:00Z"}},
                               "a");
  EXPECT_EQ(plan.own->pod_cidrs.size(), 1u);
  EXPECT_THAT(Peers(plan), ElementsAre("b via 192.0.2.2 -", "c 10.2.0.0/24 via 192.0.2.3 -",
                                       "d via 192.0.2.4 -"));
  EXPECT_THAT(Problems(plan),
              ElementsAre("Node d: pod address block 10.1.0.0/25 overlaps one of Node a",
                          "Node b: pod address block 10.2.0.0/24 overlaps one of Node c"));
}

TEST(NodePlan, BlocksThatAreNoPodAddressesAreRefused) {
  for (const char* block :
       {"0.0.0.0/0", "::/0", "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/24", "ff00::/64"}) {
    const NodePlan plan = PlanOf({{"b", {block}, {"192.0.2.2", "2001:db8::2"}}}, "a");
    EXPECT_THAT(plan.peers[0].pod_cidrs, IsEmpty()) << block;
    EXPECT_EQ(plan.problems.size(), 1u) << block;
  }
}

}  // namespace
}  // namespace fairlead::plan
