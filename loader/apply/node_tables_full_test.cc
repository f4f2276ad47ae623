// SPDX-License-Identifier: Apache-2.0
//
// Promise: a peer too many, or a table without room, takes nothing from the other nodes, and
// what others give up is used.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

#include "loader/apply/node_tables.h"
#include "loader/apply/prefix_key.h"
#include "loader/apply/service_tables_fixture.h"
#include "maps/abi/limits_abi.h"

namespace fairlead::apply {
namespace {

using ::testing::HasSubstr;

class FullNodeTables : public ServicesInTables {
 protected:
  void SetUp() override {
    ServicesInTables::SetUp();
    facts_.uplinks.push_back({.ifindex = 7, .ip4 = Address(0), .ip6 = {}});
    Reopen();
  }
  void Reopen() {
    absl::StatusOr<NodeTables> nodes = NodeTables::Adopt(tables_);
    ASSERT_TRUE(nodes.ok());
    nodes_ = *std::move(nodes);
  }
  static IpAddress Address(uint32_t number) { return IpAddress::Parse("172.16.0.0")->Plus(number); }
  static plan::PeerNode Peer(uint32_t number) {
    plan::PeerNode peer;
    peer.name = fmt::format("node{:05}", number);
    peer.ip4 = Address(number);
    return peer;
  }
  uint32_t KindAt(const IpAddress& address) {
    const auto found = tables_.v4.prefixes.Find(PrefixKeyOf<Abi4>(Cidr::Of(address)));
    return found.ok() && found->has_value() ? (*found)->kind : 0;
  }
  // As another run's: addresses of this node that it no longer has.
  void FillPrefixes() {
    uint32_t number = 0;
    while (tables_.v4.prefixes
               .Put(PrefixKeyOf<Abi4>(Cidr::Of(IpAddress::Parse("10.0.0.0")->Plus(number))),
                    {.kind = PREFIX_HOST, .node = 0})
               .ok()) {
      ++number;
    }
    ASSERT_GT(number, 0U);
  }

  NodeFacts facts_;
  NodeTables nodes_;
};

TEST_F(FullNodeTables, APeerTooManyIsNamedAndTheOthersAreFollowed) {
  for (uint32_t number = 1; number <= FL_MAX_NODES + 1; ++number) {
    facts_.plan.peers.push_back(Peer(number));
  }
  const plan::PeerNode last = facts_.plan.peers.back();
  const absl::Status full = nodes_.Apply(facts_);
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_THAT(std::string(full.message()), HasSubstr(last.name));
  EXPECT_EQ(KindAt(*last.ip4), 0U);
  EXPECT_EQ(KindAt(Address(FL_MAX_NODES)), uint32_t{PREFIX_PEER});

  const IpAddress moved = Address(FL_MAX_NODES + 100);
  facts_.plan.peers[1].ip4 = moved;
  EXPECT_TRUE(absl::IsResourceExhausted(nodes_.Apply(facts_)));
  EXPECT_EQ(KindAt(moved), uint32_t{PREFIX_PEER});

  // Its slot is the last one's at once.
  const uint32_t slot = nodes_.slots().at(facts_.plan.peers[0].name);
  facts_.plan.peers.erase(facts_.plan.peers.begin());
  EXPECT_TRUE(nodes_.Apply(facts_).ok());
  EXPECT_EQ(KindAt(Address(1)), 0U);
  EXPECT_EQ(KindAt(*last.ip4), uint32_t{PREFIX_PEER});
  EXPECT_EQ(nodes_.slots().at(last.name), slot);
  EXPECT_EQ(tables_.nodes[slot].ifindex, 7U);
}

TEST_F(FullNodeTables, PrefixesThatNobodyWantsMakeRoom) {
  FillPrefixes();
  facts_.plan.peers = {Peer(1)};
  EXPECT_TRUE(nodes_.Apply(facts_).ok());
  EXPECT_EQ(KindAt(Address(1)), uint32_t{PREFIX_PEER});
}

TEST_F(FullNodeTables, PrefixesWithoutRoomTakeNothingFromTheOtherFamily) {
  FillPrefixes();
  plan::PeerNode peer = Peer(1);
  peer.ip6 = *IpAddress::Parse("fd00:31::1");
  facts_.plan.peers = {peer};
  EXPECT_TRUE(absl::IsResourceExhausted(nodes_.Apply(facts_, Unasked::kKeep)));
  const auto found = tables_.v6.prefixes.Find(PrefixKeyOf<Abi6>(Cidr::Of(*peer.ip6)));
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->kind, uint32_t{PREFIX_PEER});
}

}  // namespace
}  // namespace fairlead::apply
