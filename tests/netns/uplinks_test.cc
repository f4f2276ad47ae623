// SPDX-License-Identifier: Apache-2.0
//
// The way out of a node is found and followed. Promise: uplinks that come,
// change their address, are renamed or put into a bridge, and a default route
// that moves, are followed while pods talk; what somebody removes from a device
// comes back.
#include <fmt/format.h>

#include "lab/network_namespace.h"
#include "loader/netlink/sysctls.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

class FoundUplinks : public TwoNodes {
 protected:
  bool StartsDaemons() const override { return false; }

  void SetUp() override {
    TwoNodes::SetUp();
    for (const lab::Node& each : lab().nodes()) StartDaemon(each);
  }

  // Without --devices, and with what the test wants.
  void StartDaemon(const lab::Node& node) {
    std::vector<std::string> argv = node.DaemonArgv();
    const auto devices = std::ranges::find(argv, "--devices");
    if (devices != argv.end()) argv.erase(devices, devices + 2);
    for (const std::string& flag : Flags()) argv.push_back(flag);
    FL_ASSERT_OK(lab().Spawn(node.name(), argv, node.log_file()).status());
    const auto up = [&] {
      return lab().Run(node.name(), {"fairlead", "status"}, std::chrono::seconds(20))->exit_code ==
             0;
    };
    ASSERT_TRUE(lab::WaitUntil(up, std::chrono::seconds(30))) << lab::Tail(node.log_file(), 20);
  }
  virtual std::vector<std::string> Flags() const { return {}; }

  // A second wire from node1 to the outside.
  void LaySecondWire() {
    Ip("node1", fmt::format("link add up1 type veth peer name up1 netns {}\n"
                            "address add 198.18.0.2/24 dev up1\n"
                            "address add fd00:18::2/64 dev up1 nodad\n"
                            "link set up1 up\n",
                            Outside()));
    Ip("outside",
       "address add 198.18.0.1/24 dev up1\n"
       "address add fd00:18::1/64 dev up1 nodad\n"
       "link set up1 up\n");
  }
  std::string Status() {
    const auto status = lab().Run("node1", {"fairlead", "status"}, std::chrono::seconds(20));
    return status.ok() ? status->out : status.status().ToString();
  }
  bool Says(const std::string& text) {
    return lab::WaitUntil([&] { return Status().find(text) != std::string::npos; },
                          std::chrono::seconds(20));
  }
  // As whom the outside sees the pod's next connections; false if that does not come about.
  bool IsSeenAs(const lab::Pod& pod, const std::string& address) {
    const auto serving = ServeTcpOutside();
    const IpAddress wanted = *IpAddress::Parse(address);
    return lab::WaitUntil(
        [&] {
          const auto connection =
              TcpClient::Open(pod.network_namespace(), Endpoint{OutsideAddress(), kPodPort},
                              kShortPatienceMilliseconds);
          return connection.ok() && connection->seen_as() == wanted;
        },
        std::chrono::seconds(30));
  }
  std::string Either(const char* ipv4, const char* ipv6) const {
    return GetParam() == Family::kIpv4 ? ipv4 : ipv6;
  }
};

TEST_P(FoundUplinks, ANewOneCarriesTheDefaultRouteWithItsOwnAddress) {
  const lab::Pod pod = AddPod(1, "pod", "client");
  ASSERT_TRUE(IsSeenAs(pod, AddressOf(node(1)).ToString()));
  LaySecondWire();
  Ip("node1",
     "route replace default via 198.18.0.1 dev up1\n"
     "route replace default via fd00:18::1 dev up1\n");
  EXPECT_TRUE(IsSeenAs(pod, Either("198.18.0.2", "fd00:18::2"))) << Status();
  EXPECT_TRUE(Says("up1 (198.18.0.2, fd00:18::2)")) << Status();
  Ip("node1",
     "route replace default via 172.31.0.1 dev eth0\n"
     "route replace default via fd00:31::1 dev eth0\n");
  EXPECT_TRUE(IsSeenAs(pod, AddressOf(node(1)).ToString())) << Status();
}

TEST_P(FoundUplinks, SeveralHopsOfOneDefaultRouteAreAllUplinks) {
  LaySecondWire();
  Ip("node1",
     "route replace default nexthop via 172.31.0.1 dev eth0 nexthop via 198.18.0.1 dev up1\n");
  EXPECT_TRUE(Says("up1 (198.18.0.2, fd00:18::2)")) << Status();
}

TEST_P(FoundUplinks, AnAddressThatChangesIsFollowedAndTheNodesMissingOneReported) {
  const lab::Pod pod = AddPod(1, "pod", "client");
  Ip("node1", fmt::format("address add 172.31.0.99/24 dev eth0\n"
                          "address add fd00:31::99/64 dev eth0 nodad\n"
                          "address delete {}/24 dev eth0\n"
                          "address delete {}/64 dev eth0\n"
                          "address add 172.31.0.99/24 dev eth0\n"
                          "route replace default via 172.31.0.1\n"
                          "route replace default via fd00:31::1\n",
                          node(1).ipv4(), node(1).ipv6()));
  EXPECT_TRUE(IsSeenAs(pod, Either("172.31.0.99", "fd00:31::99"))) << Status();
  EXPECT_TRUE(
      Says(fmt::format("its address {} is on no interface", AddressOf(node(1)).ToString())));
}

TEST_P(FoundUplinks, ARenamedOneStaysOne) {
  const lab::Pod pod = AddPod(1, "pod", "client");
  Ip("node1", fmt::format("link set eth0 down\n"
                          "link set eth0 name lan0\n"
                          "link set lan0 up\n"
                          "address replace {}/64 dev lan0 nodad\n"
                          "route replace default via 172.31.0.1\n"
                          "route replace default via fd00:31::1\n",
                          node(1).ipv6()));
  EXPECT_TRUE(Says("lan0 (172.31.0.11")) << Status();
  EXPECT_TRUE(IsSeenAs(pod, AddressOf(node(1)).ToString())) << Status();
}

TEST_P(FoundUplinks, ABridgeTakesOverFromItsPort) {
  const lab::Pod pod = AddPod(1, "pod", "client"), far = AddPod(2, "far", "server");
  Ip("node1", fmt::format("link add bridge0 type bridge\n"
                          "link set bridge0 up\n"
                          "address flush dev eth0\n"
                          "link set eth0 master bridge0\n"
                          "address add {}/24 dev bridge0\n"
                          "address add {}/64 dev bridge0 nodad\n"
                          "route replace default via 172.31.0.1\n"
                          "route replace default via fd00:31::1\n",
                          node(1).ipv4(), node(1).ipv6()));
  EXPECT_TRUE(Says("uplinks   bridge0 (172.31.0.11, fd00:31::11)\n")) << Status();
  EXPECT_TRUE(IsSeenAs(pod, AddressOf(node(1)).ToString())) << Status();
  const auto serving = ServeTcp(far);
  FL_EXPECT_OK(TcpClient::Open(pod.network_namespace(), On(far)).status());
}

TEST_P(FoundUplinks, ANodeOfOneFamilyIsNoProblem) {
  Ip("node1", fmt::format("address delete {}/64 dev eth0\n", node(1).ipv6()));
  const lab::Pod pod = AddPod(1, "pod", "client");
  EXPECT_TRUE(Says("uplinks   eth0 (172.31.0.11)\n")) << Status();
  if (GetParam() == Family::kIpv4) {
    EXPECT_TRUE(IsSeenAs(pod, node(1).ipv4()));
  }
  EXPECT_THAT(Status(), ::testing::StartsWith("healthy"));
}

FL_BOTH_FAMILIES(FoundUplinks);

class NodeWithoutIpv6 : public FoundUplinks {
 protected:
  void SetUp() override {
    TwoNodes::SetUp();
    FL_ASSERT_OK(lab::InNamespace(node(1).network_namespace(), [] {
      return WriteSysctl("net.ipv6.conf.all.disable_ipv6", "1");
    }));
    StartDaemon(node(1));
  }
};

TEST_P(NodeWithoutIpv6, ServesItsPodsAndSaysItInOneLine) {
  const lab::Pod pod = AddPod(1, "pod", "client");
  EXPECT_TRUE(IsSeenAs(pod, node(1).ipv4()));
  EXPECT_THAT(Status(), ::testing::StartsWith("healthy"));
  const std::string log = lab::Tail(node(1).log_file(), 100);
  EXPECT_THAT(log, ::testing::HasSubstr("its address fd00:31::11 is on no interface"));
  EXPECT_EQ(log.find(" W "), log.rfind(" W ")) << log;
  EXPECT_EQ(log.find(" E "), log.npos) << log;
}

INSTANTIATE_TEST_SUITE_P(Ipv4, NodeWithoutIpv6, ::testing::Values(Family::kIpv4), NameOfFamily);

class RemovedHooks : public FoundUplinks {
 protected:
  std::vector<std::string> Flags() const override { return {"--attach", "clsact"}; }
};

TEST_P(RemovedHooks, ComeBackOnUplinksAndPods) {
  const lab::Pod pod = AddPod(1, "pod", "client");
  for (const char* device : {"eth0", "fl00000"}) {
    const auto removed = lab().Run("node1", {"tc", "qdisc", "delete", "dev", device, "clsact"},
                                   std::chrono::seconds(20));
    FL_ASSERT_OK(removed.status());
    ASSERT_EQ(removed->exit_code, 0) << removed->err;
  }
  EXPECT_TRUE(IsSeenAs(pod, AddressOf(node(1)).ToString())) << Status();
}

FL_BOTH_FAMILIES(RemovedHooks);

class HostFirewall : public TwoNodes {
 protected:
  void Run(const std::vector<std::string>& argv) {
    const auto done = lab().Run("node1", argv, std::chrono::seconds(20));
    FL_ASSERT_OK(done.status());
    ASSERT_EQ(done->exit_code, 0) << done->err;
  }
};

TEST_P(HostFirewall, ThatForwardsNothingOrIsFlushedDoesNotConcernPods) {
  const lab::Pod pod = AddPod(1, "pod", "client");
  const lab::Pod near = AddPod(1, "near", "server"), far = AddPod(2, "far", "server");
  const auto serving_near = ServeTcp(near), serving_far = ServeTcp(far);
  const auto serving_outside = ServeTcpOutside();
  const auto all_work = [&](const char* when) {
    SCOPED_TRACE(when);
    for (const Endpoint& to : {On(near), On(far), Endpoint{OutsideAddress(), kPodPort}}) {
      FL_EXPECT_OK(TcpClient::Open(pod.network_namespace(), to).status());
    }
    FL_EXPECT_OK(TcpClient::Open(node(1).network_namespace(), On(near)).status());
    FL_EXPECT_OK(TcpClient::Open(node(2).network_namespace(), On(near)).status());
  };
  for (const char* iptables : {"iptables", "ip6tables"}) Run({iptables, "-P", "FORWARD", "DROP"});
  all_work("with FORWARD DROP");
  Run({"nft", "flush", "ruleset"});
  all_work("after a flush");
  Run({"nft", "add", "table", "inet", "shield"});
  Run({"nft", "add", "chain", "inet", "shield", "forward",
       "{ type filter hook forward priority 0; policy drop; }"});
  all_work("with a chain of nftables that drops");
}

FL_BOTH_FAMILIES(HostFirewall);

}  // namespace
}  // namespace fairlead::testing
