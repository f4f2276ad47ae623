// SPDX-License-Identifier: Apache-2.0
//
// Nodes that share no link, with the fabric's routes to pods between them.
// Promise: pods talk as if they did; nodes join and leave while they do.
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

class NativeAcrossSubnets : public TwoNodes {
 protected:
  lab::Fabric LabFabric() const override { return {.subnets = 2}; }

  void ExpectConversation(const lab::Pod& client, const lab::Pod& server) {
    const auto serving = ServeTcp(server);
    const auto settled = [&] {
      return ConnectError(client.network_namespace(), On(server), kShortPatienceMilliseconds) == 0;
    };
    ASSERT_TRUE(lab::WaitUntil(settled, std::chrono::seconds(20)));
    auto connection = TcpClient::Open(client.network_namespace(), On(server));
    FL_ASSERT_OK(connection.status());
    EXPECT_EQ(connection->seen_as(), AddressOf(client));
    FL_EXPECT_OK(connection->Download(8 * kMegabyte));
  }
};

TEST_P(NativeAcrossSubnets, PodsTalkUnderTheirOwnAddresses) {
  const lab::Pod near = AddPod(1, "near", "any"), far = AddPod(2, "far", "any");
  ExpectConversation(near, far);
  ExpectConversation(far, near);
}

TEST_P(NativeAcrossSubnets, TheOutsideSeesTheNodesAddress) {
  const lab::Pod client = AddPod(2, "client", "client");
  const auto serving = ServeTcpOutside();
  auto connection =
      TcpClient::Open(client.network_namespace(), Endpoint{OutsideAddress(), kPodPort});
  FL_ASSERT_OK(connection.status());
  EXPECT_EQ(connection->seen_as(), AddressOf(node(2)));
}

TEST_P(NativeAcrossSubnets, ANodeJoinsIsReachedAndLeavesNothing) {
  const lab::Pod old = AddPod(1, "old", "any"), other = AddPod(2, "other", "any");
  const auto serving = ServeTcp(other);
  auto connection = TcpClient::Open(old.network_namespace(), On(other));
  FL_ASSERT_OK(connection.status());
  EndlessDownload download(*std::move(connection));

  // Twice: the number is taken again, also by the second node of this name.
  for (int round = 0; round < 2; ++round) {
    const auto name = lab().AddNode();
    FL_ASSERT_OK(name.status());
    EXPECT_EQ(*name, "node3");
    const lab::Pod fresh = AddPod(3, "fresh", "any");
    ExpectConversation(old, fresh);
    ExpectConversation(fresh, old);
    FL_ASSERT_OK(lab().RemoveNode(*name));
    EXPECT_FALSE(lab().FindPod("fresh").ok());
  }
  EXPECT_TRUE(download.Advances(kMegabyte)) << "a flow that node3 had nothing to do with";
  FL_EXPECT_OK(download.Finish());
}

FL_BOTH_FAMILIES(NativeAcrossSubnets);

}  // namespace
}  // namespace fairlead::testing
