// SPDX-License-Identifier: Apache-2.0
//
// Promise: a peer that comes or goes is resolved anew; nobody else is. On a
// real device, with entries as the kernel's resolution leaves them.
#include "loader/daemon/peer_neighbours.h"

#include <gtest/gtest.h>
#include <linux/neighbour.h>

#include <algorithm>
#include <string>
#include <vector>

#include "loader/netlink/links.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

constexpr uint32_t kIndex = 7;
constexpr MacAddress kMac = {2, 0, 0, 0, 0, 1};

class Peers : public ::testing::TestWithParam<Family> {
 protected:
  Peers() {
    MustOk(CreateVeth(host_, {.host_name = "up0",
                              .host_index = kIndex,
                              .host_mac = kMac,
                              .peer_name = "eth0",
                              .peer_mac = {2, 0, 0, 0, 0, 2},
                              .peer_netns_fd = wire_.get(),
                              .mtu = 1500}));
    MustOk(SetLinkUp(host_, kIndex));
    for (const std::string& address : {Address(1), Address(2)}) {
      MustOk(PutNeighbour(host_, kIndex, Must(IpAddress::Parse(address)), kMac, NUD_STALE));
    }
  }

  static std::string Address(int host) {
    return (GetParam() == Family::kIpv4 ? "172.31.0." : "fd00:31::") + std::to_string(host);
  }
  static plan::PeerNode Peer(int host) {
    plan::PeerNode peer;
    peer.name = "node" + std::to_string(host);
    (GetParam() == Family::kIpv4 ? peer.ip4 : peer.ip6) = Must(IpAddress::Parse(Address(host)));
    return peer;
  }
  void Follow(const std::vector<plan::PeerNode>& peers) {
    plan::NodePlan nodes;
    nodes.peers = peers;
    MustOk(neighbours_.Follow(host_, nodes));
  }
  bool IsResolved(int host) {
    const auto found = Must(ListNeighbours(host_));
    const IpAddress address = Must(IpAddress::Parse(Address(host)));
    return std::ranges::find(found, address, &Neighbour::address) != found.end();
  }

  ScratchNetns node_;
  UniqueFd wire_ = Must(MakeNetns());
  NetlinkSocket host_ = Must(NetlinkSocket::Open());
  PeerNeighbours neighbours_;
};

TEST_P(Peers, KnownAtTheStartStayResolved) {
  Follow({Peer(1), Peer(2)});
  Follow({Peer(1), Peer(2)});
  EXPECT_TRUE(IsResolved(1));
  EXPECT_TRUE(IsResolved(2));
}

TEST_P(Peers, OneThatJoinsIsResolvedAnew) {
  Follow({Peer(1)});
  Follow({Peer(1), Peer(2)});
  EXPECT_TRUE(IsResolved(1));
  EXPECT_FALSE(IsResolved(2));
}

TEST_P(Peers, OneThatLeftIsForgotten) {
  Follow({Peer(1), Peer(2)});
  Follow({Peer(2)});
  EXPECT_FALSE(IsResolved(1));
  EXPECT_TRUE(IsResolved(2));
}

TEST_P(Peers, AddressThatMovesToAnotherNodeIsResolvedAnew) {
  Follow({Peer(1)});
  plan::PeerNode other = Peer(1);
  other.name = "another";
  Follow({other});
  EXPECT_FALSE(IsResolved(1));
}

TEST_P(Peers, AnAdministratorsEntryStays) {
  MustOk(PutNeighbour(host_, kIndex, Must(IpAddress::Parse(Address(2))), kMac, NUD_PERMANENT));
  Follow({Peer(1)});
  Follow({Peer(1), Peer(2)});
  EXPECT_TRUE(IsResolved(2));
}

INSTANTIATE_TEST_SUITE_P(Families, Peers, ::testing::Values(Family::kIpv4, Family::kIpv6),
                         [](const auto& one) { return std::string(FamilyName(one.param)); });

}  // namespace
}  // namespace fairlead::testing
