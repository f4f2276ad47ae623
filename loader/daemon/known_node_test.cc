// SPDX-License-Identifier: Apache-2.0
//
// Promise: without its object this node is who it was last, also in the next run; nothing that
// the file may say prevents a start.
#include "loader/daemon/known_node.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>

#include "base/durable_file.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

constexpr char kName[] = "node1";
const IpAddress kIp4 = *IpAddress::Parse("172.31.0.11");
const IpAddress kIp6 = *IpAddress::Parse("fd00:31::11");
const plan::NodeAddresses kBoth{.ip4 = kIp4, .ip6 = kIp6, .first = Family::kIpv6};

class NodeThatIsKnown : public ::testing::Test {
 protected:
  NodeThatIsKnown() {
    kube::Node node;
    node.meta.name = {"", kName};
    node.meta.labels.Set(kube::kZoneLabel, "a");
    node.internal_ips = {kIp6, kIp4};
    node.pod_cidrs = {*Cidr::Parse("10.244.1.0/24")};
    there_.Put(std::make_shared<const kube::Node>(node));
  }
  std::string Path() const { return directory_.path() + "/node.json"; }
  static plan::NodePlan Follow(KnownNode& known, const kube::ObjectMap<kube::Node>& nodes,
                               const plan::OwnFlags& flags = {}) {
    plan::NodePlan plan = plan::MakeNodePlan(nodes, kName, flags);
    MustOk(known.Follow(nodes, plan));
    return plan;
  }

  ScratchDirectory directory_;
  kube::ObjectMap<kube::Node> there_;
  kube::ObjectMap<kube::Node> gone_;
};

TEST_F(NodeThatIsKnown, KeepsAddressesAndZoneWithoutItsObjectAlsoInTheNextRun) {
  KnownNode known(directory_.path(), kName);
  EXPECT_TRUE(Follow(known, there_).KnowsOwn());
  KnownNode next_run(directory_.path(), kName);
  for (KnownNode* each : {&known, &next_run}) {
    const plan::NodePlan plan = Follow(*each, gone_);
    ASSERT_TRUE(plan.own.has_value());
    EXPECT_FALSE(plan.KnowsOwn());
    EXPECT_EQ(plan.own->name, kName);
    EXPECT_EQ(plan.own->addresses, kBoth);
    EXPECT_EQ(plan.own->zone, "a");
    EXPECT_TRUE(plan.own->pod_cidrs.empty()) << "they may be another node's";
  }
}

TEST_F(NodeThatIsKnown, FlagsAreStrongerFamilyByFamily) {
  KnownNode known(directory_.path(), kName);
  Follow(known, there_);
  const plan::OwnFlags flags{.pod_cidrs = {*Cidr::Parse("10.244.9.0/24")},
                             .node_ips = {*IpAddress::Parse("172.31.0.99")}};
  const plan::NodePlan plan = Follow(known, gone_, flags);
  ASSERT_TRUE(plan.KnowsOwn());
  EXPECT_EQ(plan.own->addresses.ip4, flags.node_ips.front());
  EXPECT_EQ(plan.own->addresses.ip6, kIp6);
  EXPECT_EQ(plan.own->zone, "a");
  EXPECT_EQ(plan.own->pod_cidrs, flags.pod_cidrs);
}

TEST_F(NodeThatIsKnown, IsWrittenForRootOnlyAndOnlyWhenItChanges) {
  KnownNode known(directory_.path(), kName);
  Follow(known, there_);
  struct stat before{};
  ASSERT_EQ(::stat(Path().c_str(), &before), 0);
  EXPECT_EQ(before.st_mode & 0777, 0600U);
  Follow(known, there_);
  Follow(known, gone_);
  KnownNode next_run(directory_.path(), kName);
  Follow(next_run, there_);
  struct stat after{};
  ASSERT_EQ(::stat(Path().c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino) << "a write replaces the file";
}

TEST_F(NodeThatIsKnown, ADamagedFileOrAnotherNodesSaysNothingAndIsReplaced) {
  for (const char* text : {"", "{", "[]", "{}", R"({"name":"node1","addresses":[],"zone":""})",
                           R"({"name":"node1","addresses":["::"],"zone":""})",
                           R"({"name":"node1","addresses":["x"],"zone":""})",
                           R"({"name":"node1","addresses":[7],"zone":""})",
                           R"({"name":"node1","addresses":"172.31.0.11","zone":""})",
                           R"({"name":"node1","addresses":["172.31.0.11"],"zone":7})",
                           R"({"name":"node2","addresses":["172.31.0.12"],"zone":""})"}) {
    MustOk(WriteFileDurably(Path(), text));
    KnownNode known(directory_.path(), kName);
    EXPECT_FALSE(Follow(known, gone_).own.has_value()) << text;
    Follow(known, there_);
    KnownNode next_run(directory_.path(), kName);
    EXPECT_TRUE(Follow(next_run, gone_).own.has_value()) << text;
  }
}

}  // namespace
}  // namespace fairlead::testing
