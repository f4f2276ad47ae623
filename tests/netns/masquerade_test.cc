// SPDX-License-Identifier: Apache-2.0
//
//   pod ──▶ node ──▶ router ──▶ outside: as whom?
//
// Promise: the world sees the node unless the operator says otherwise, which is
// followed live; the node's own sockets lose nothing; who finds no port is named.
#include <fmt/format.h>

#include "base/durable_file.h"
#include "loader/netlink/scratch_netns.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

class Masquerade : public TwoNodes {
 protected:
  // The router knows the pods: whoever keeps his address gets his answers.
  lab::Fabric LabFabric() const override { return {.subnets = 2}; }
  std::vector<std::string> DaemonFlags() const override {
    return {"--masquerade-ports", "20000-20001", "--non-masquerade-config", config_};
  }
  Endpoint World() const { return {OutsideAddress(), kPodPort}; }
  // As whom the outside sees a new connection of the pod; 0.0.0.0: not at all.
  IpAddress SeenAs(const lab::Pod& pod) const {
    const auto client =
        TcpClient::Open(pod.network_namespace(), World(), kShortPatienceMilliseconds);
    return client.ok() ? client->seen_as() : IpAddress();
  }
  void WriteConfig(const std::string& text) const { FL_EXPECT_OK(WriteFileDurably(config_, text)); }
  std::string Log(int number) const { return lab::Tail(node(number).log_file(), 60); }

  ScratchDirectory directory_;
  std::string config_ = directory_.path() + "/ip-masq-agent.yaml";
};

TEST_P(Masquerade, TheListOfBlocksIsFollowedLive) {
  const lab::Pod pod = AddPod(1, "pod", "any");
  const auto serving = ServeTcpOutside();
  const auto becomes = [&](const IpAddress& address) {
    return lab::WaitUntil([&] { return SeenAs(pod) == address; }, std::chrono::seconds(20));
  };
  ASSERT_TRUE(becomes(AddressOf(node(1))));
  WriteConfig("nonMasqueradeCIDRs: [203.0.113.0/24, \"2001:db8:113::/64\"]\nresyncInterval: 60s\n");
  ASSERT_TRUE(becomes(AddressOf(pod)));
  WriteConfig("nonMasqueradeCIDRs: [nonsense]\n");
  ASSERT_TRUE(
      lab::WaitUntil([&] { return Log(1).find("nonMasqueradeCIDRs[0]") != std::string::npos; },
                     std::chrono::seconds(20)));
  EXPECT_EQ(SeenAs(pod), AddressOf(pod));
  WriteConfig("nonMasqueradeCIDRs: []\n");
  EXPECT_TRUE(becomes(AddressOf(node(1))));
}

TEST_P(Masquerade, NodesSeePods) {
  const lab::Pod pod = AddPod(1, "pod", "any");
  const Endpoint there{AddressOf(node(2)), kPodPort};
  const TcpServer serving("node2", node(2).network_namespace(), there);
  const auto client = TcpClient::Open(pod.network_namespace(), there);
  FL_ASSERT_OK(client.status());
  EXPECT_EQ(client->seen_as(), AddressOf(pod));
}

TEST_P(Masquerade, PingsComeBack) {
  const lab::Pod pod = AddPod(1, "pod", "any");
  const auto ping = lab().Run(
      "pod", {"ping", "-n", "-c", "3", "-i", "0.2", "-W", "5", OutsideAddress().ToString()},
      std::chrono::seconds(20));
  FL_ASSERT_OK(ping.status());
  EXPECT_EQ(ping->exit_code, 0) << ping->out;
}

// Two ports, one of which a process of the node listens on.
TEST_P(Masquerade, TheHostKeepsItsPortAndWhoFindsNoneIsNamed) {
  const lab::Pod pod = AddPod(1, "pod", "any");
  const auto serving = ServeTcpOutside();
  const TcpServer of_host("host", node(1).network_namespace(), {AddressOf(node(1)), 20000});
  const auto first = TcpClient::Open(pod.network_namespace(), World());
  FL_ASSERT_OK(first.status());
  EXPECT_FALSE(TcpClient::Open(pod.network_namespace(), World(), kShortPatienceMilliseconds).ok());
  EXPECT_TRUE(lab::WaitUntil([&] { return Log(1).find("pod=default/pod") != std::string::npos; },
                             std::chrono::seconds(20)))
      << Log(1);
  const auto status = lab().Run("node1", {"fairlead", "status"}, std::chrono::seconds(20));
  FL_ASSERT_OK(status.status());
  EXPECT_THAT(status->out, ::testing::HasSubstr("pod default/pod found no source port"));
  const auto reached = TcpClient::Open(lab::NamespaceName(lab().folder().lab(), "outside"),
                                       {AddressOf(node(1)), 20000});
  FL_ASSERT_OK(reached.status());
  EXPECT_EQ(reached->server(), "host");
}

FL_BOTH_FAMILIES(Masquerade);

}  // namespace
}  // namespace fairlead::testing
