// SPDX-License-Identifier: Apache-2.0
//
// Nodes in two subnets whose router knows nothing of pods.
// Promise: by tunnel pods, Services and hosts reach each other under their own
// addresses, over IPv4 and over IPv6; nodes come, go and move while flows live.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>

#include "tests/netns/outer_packets.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kTunnelPort = 8472;

class Overlay : public TwoNodes {
 protected:
  lab::Fabric LabFabric() const override {
    return {.routing = "vxlan", .underlay = FamilyOfUnderlay(), .subnets = 2};
  }
  virtual std::string FamilyOfUnderlay() const { return "ipv4"; }

  void ExpectConversation(const std::string& client_namespace, const IpAddress& client,
                          const lab::Pod& server) {
    const auto serving = ServeTcp(server);
    auto upload = TcpClient::Open(client_namespace, On(server));
    FL_ASSERT_OK(upload.status());
    EXPECT_EQ(upload->seen_as(), client);
    FL_EXPECT_OK(upload->Upload(8 * kMegabyte));
    auto download = TcpClient::Open(client_namespace, On(server));
    FL_ASSERT_OK(download.status());
    FL_EXPECT_OK(download->Download(8 * kMegabyte));
  }
  void ExpectConversation(const lab::Pod& client, const lab::Pod& server) {
    ExpectConversation(client.network_namespace(), AddressOf(client), server);
  }

  void ExpectAllReachAll() {
    const lab::Pod near = AddPod(1, "near", "any"), far = AddPod(2, "far", "any");
    ExpectConversation(near, far);
    ExpectConversation(far, near);
    ExpectConversation(node(1).network_namespace(), AddressOf(node(1)), far);
    const TcpServer kubelet("kubelet", node(2).network_namespace(), {AddressOf(node(2)), 10250});
    auto to_host = TcpClient::Open(near.network_namespace(), {AddressOf(node(2)), 10250});
    FL_ASSERT_OK(to_host.status());
    EXPECT_EQ(to_host->seen_as(), AddressOf(near));
    FL_EXPECT_OK(to_host->Download(kMegabyte));

    const UdpServer dns("dns", far.network_namespace(), On(far));
    auto question = UdpClient::Open(near.network_namespace(), On(far));
    FL_ASSERT_OK(question.status());
    std::string answer;
    EXPECT_EQ(question->Ask(answer), 0);
    EXPECT_EQ(answer, "dns " + AddressOf(near).ToString());
    Ping("near", AddressOf(far));
  }

  void Ping(const std::string& from, const IpAddress& to) {
    const auto ping =
        lab().Run(from, {"ping", "-c", "1", "-W", "5", to.ToString()}, std::chrono::seconds(10));
    FL_ASSERT_OK(ping.status());
    EXPECT_EQ(ping->exit_code, 0) << ping->out;
  }

  int64_t Drops(const std::string& where, const std::string& reason) {
    return Counted(where, "from_overlay", reason);
  }
};

class PodsOverAnIpv4Underlay : public Overlay {};
TEST_P(PodsOverAnIpv4Underlay, AndHostsReachEachOtherUnderTheirOwnAddresses) {
  ExpectAllReachAll();
}
FL_BOTH_FAMILIES(PodsOverAnIpv4Underlay);

class PodsOverAnIpv6Underlay : public Overlay {
  std::string FamilyOfUnderlay() const override { return "ipv6"; }
};
TEST_P(PodsOverAnIpv6Underlay, AndHostsReachEachOtherUnderTheirOwnAddresses) {
  OuterPackets wire(node(2).network_namespace(), kTunnelPort);
  ExpectAllReachAll();
  const std::vector<OuterPacket> seen = wire.Take();
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front().source.family(), Family::kIpv6);
}
FL_BOTH_FAMILIES(PodsOverAnIpv6Underlay);

class OnTheWire : public Overlay {
 protected:
  // Outer source ports of the flow from a client's address and port.
  static std::set<uint16_t> PortsOf(const std::vector<OuterPacket>& packets,
                                    const Endpoint& client) {
    std::set<uint16_t> ports;
    for (const OuterPacket& packet : packets) {
      if (packet.inner_source == client) ports.insert(packet.source_port);
    }
    return ports;
  }
};

TEST_P(OnTheWire, TheOuterSourcePortFollowsTheFlow) {
  const lab::Pod client = AddPod(1, "client", "any"), server = AddPod(2, "server", "any");
  const auto serving = ServeTcp(server);
  OuterPackets wire(node(2).network_namespace(), kTunnelPort);
  std::vector<TcpClient> flows;
  for (int i = 0; i < 8; ++i) {
    auto flow = TcpClient::Open(client.network_namespace(), On(server));
    FL_ASSERT_OK(flow.status());
    FL_EXPECT_OK(flow->Upload(100000));
    flows.push_back(*std::move(flow));
  }
  std::set<Endpoint> clients;
  std::set<uint16_t> ports;
  const std::vector<OuterPacket> seen = wire.Take();
  for (const OuterPacket& packet : seen) {
    if (packet.inner_source.address != AddressOf(client)) continue;
    EXPECT_EQ(packet.vni, 1U);
    EXPECT_EQ(packet.source.ToString(), node(1).ipv4());
    clients.insert(packet.inner_source);
  }
  EXPECT_EQ(clients.size(), 8U);
  for (const Endpoint& each : clients) {
    const std::set<uint16_t> of_flow = PortsOf(seen, each);
    EXPECT_EQ(of_flow.size(), 1U) << each;
    ports.insert(of_flow.begin(), of_flow.end());
  }
  // Eight of some thirty thousand: two may fall together, hardly four.
  EXPECT_GE(ports.size(), 5U);
}

TEST_P(OnTheWire, EcnIsCarried) {
  const lab::Pod client = AddPod(1, "client", "any"), server = AddPod(2, "server", "any");
  OuterPackets wire(node(2).network_namespace(), kTunnelPort);
  for (const int ecn : {0, 1, 2, 3}) {
    const auto ping = lab().Run(
        "client",
        {"ping", "-c", "1", "-W", "5", "-Q", std::to_string(ecn), AddressOf(server).ToString()},
        std::chrono::seconds(10));
    FL_ASSERT_OK(ping.status());
    EXPECT_EQ(ping->exit_code, 0) << ping->out;
  }
  std::set<int> seen;
  for (const OuterPacket& packet : wire.Take()) {
    if (packet.inner_source.address != AddressOf(client)) continue;
    // "Congestion experienced" is for the routers between to say (RFC 6040).
    EXPECT_EQ(packet.ecn, packet.inner_ecn == 3 ? 2 : packet.inner_ecn);
    seen.insert(packet.inner_ecn);
  }
  EXPECT_EQ(seen, (std::set<int>{0, 1, 2, 3}));
}

FL_BOTH_FAMILIES(OnTheWire);

// A VXLAN header, and in it a UDP packet without content.
std::vector<uint8_t> Tunnelled(const IpAddress& from, const IpAddress& to) {
  const bool is_v4 = from.family() == Family::kIpv4;
  std::vector<uint8_t> bytes = {0x08, 0, 0, 0, 0, 0, 1, 0};         // VNI 1
  bytes.insert(bytes.end(), {0x02, 0xfa, 0x17, 0x1e, 0xad, 0x01});  // to the device
  bytes.insert(bytes.end(), {0x02, 0xfa, 0x17, 0x1e, 0xad, 0x03});  // from its like
  if (is_v4) {
    bytes.insert(bytes.end(), {0x08, 0x00, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, IPPROTO_UDP, 0, 0});
  } else {
    bytes.insert(bytes.end(), {0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, IPPROTO_UDP, 64});
  }
  for (const IpAddress& address : {from, to}) {
    bytes.insert(bytes.end(), address.bytes(), address.bytes() + AddressBytes(address.family()));
  }
  bytes.insert(bytes.end(), {0x12, 0x34, 0, 53, 0, 8, 0, 0});
  return bytes;
}

class TunnelsThatLive : public Overlay {
 protected:
  void PutNodes(const std::string& address_of_node2) {
    lab::Object list = lab::MakeList(
        {lab::MakeNode("node1", {node(1).ipv4(), node(1).ipv6()}, lab::NodePodCidrs(1)),
         lab::MakeNode("node2", {address_of_node2, node(2).ipv6()}, lab::NodePodCidrs(2))});
    FL_ASSERT_OK(lab().WriteManifest("lab-nodes.json", lab::ToText(list)));
  }
};

TEST_P(TunnelsThatLive, FollowANodeToItsNewAddressWithItsFlows) {
  const lab::Pod client = AddPod(1, "client", "any"), server = AddPod(2, "server", "any");
  const auto serving = ServeTcp(server);
  auto connection = TcpClient::Open(client.network_namespace(), On(server));
  FL_ASSERT_OK(connection.status());
  EndlessDownload download(*std::move(connection));
  ASSERT_TRUE(download.Advances(kMegabyte));
  const std::string moved = IpAddress::Parse(node(2).ipv4())->Plus(100).ToString();
  Ip("node2", "address add " + moved + "/24 dev eth0\n");
  PutNodes(moved);
  OuterPackets wire(node(2).network_namespace(), kTunnelPort);
  const auto uses_new_address = [&] {
    const std::vector<OuterPacket> seen = wire.Take();
    return !seen.empty() && std::ranges::all_of(seen, [&](const OuterPacket& packet) {
      return packet.source.ToString() == moved || packet.destination.ToString() == moved;
    });
  };
  EXPECT_TRUE(lab::WaitUntil(uses_new_address, std::chrono::seconds(20)));
  EXPECT_TRUE(download.Advances(kMegabyte));
  FL_EXPECT_OK(download.Finish());
}

TEST_P(TunnelsThatLive, SurviveTheLossOfTheDeviceAndTheDaemon) {
  const lab::Pod client = AddPod(1, "client", "any"), server = AddPod(2, "server", "any");
  const auto serving = ServeTcp(server);
  auto connection = TcpClient::Open(client.network_namespace(), On(server));
  FL_ASSERT_OK(connection.status());
  EndlessDownload download(*std::move(connection));
  ASSERT_TRUE(download.Advances(kMegabyte));
  Ip("node1", "link delete fl_vxlan\n");
  EXPECT_TRUE(download.Advances(kMegabyte)) << "the device is made again";
  FL_ASSERT_OK(lab().RestartDaemon(node(1), SIGKILL));
  FL_ASSERT_OK(lab().RestartDaemon(node(2), SIGTERM));
  EXPECT_TRUE(download.Advances(kMegabyte)) << "the device is adopted";
  Ip("node2", "link set fl_vxlan down\n");
  EXPECT_TRUE(download.Advances(kMegabyte)) << "the device is raised again";
  FL_EXPECT_OK(download.Finish());
}

TEST_P(TunnelsThatLive, BringNothingFromWhoeverIsNoNode) {
  const lab::Pod client = AddPod(1, "client", "any"), server = AddPod(2, "server", "any");
  EXPECT_EQ(Drops("node2", "UNKNOWN_TUNNEL_PEER"), 0);
  int error = 0;
  const UniqueFd stranger = Connect(lab::NamespaceName(lab().folder().lab(), "outside"), SOCK_DGRAM,
                                    {*IpAddress::Parse(node(2).ipv4()), kTunnelPort}, error);
  ASSERT_EQ(error, 0);
  const std::vector<uint8_t> forged = Tunnelled(AddressOf(client), AddressOf(server));
  ASSERT_GT(::send(stranger.get(), forged.data(), forged.size(), 0), 0);
  const auto dropped = [&] { return Drops("node2", "UNKNOWN_TUNNEL_PEER") == 1; };
  EXPECT_TRUE(lab::WaitUntil(dropped, std::chrono::seconds(20)));
  Ping("client", AddressOf(server));
}

FL_BOTH_FAMILIES(TunnelsThatLive);

class RoutedAsTheLinksAre : public Overlay {
 protected:
  std::string WayTo(const std::string& where, const std::string& peer) {
    const auto nodes =
        lab().Run(where, {"fairlead", "nodes", "-o", "json"}, std::chrono::seconds(10));
    if (!nodes.ok()) return "";
    const lab::Object all = lab::Object::parse(nodes->out);
    for (const auto& row : all["nodes"]) {
      if (row["name"] == peer) return row["way"].get<std::string>();
    }
    return "";
  }
};

class AutoOnOneSubnet : public RoutedAsTheLinksAre {
  lab::Fabric LabFabric() const override { return {.routing = "auto"}; }
};
TEST_P(AutoOnOneSubnet, UsesNoTunnel) {
  OuterPackets wire(node(2).network_namespace(), kTunnelPort);
  ExpectAllReachAll();
  EXPECT_EQ(WayTo("node1", "node2"), "native");
  EXPECT_TRUE(wire.Take().empty());
}
FL_BOTH_FAMILIES(AutoOnOneSubnet);

class AutoAcrossSubnets : public RoutedAsTheLinksAre {
  lab::Fabric LabFabric() const override { return {.routing = "auto", .subnets = 2}; }
};
TEST_P(AutoAcrossSubnets, UsesTunnels) {
  ExpectAllReachAll();
  EXPECT_EQ(WayTo("node1", "node2"), "tunnel");
}
FL_BOTH_FAMILIES(AutoAcrossSubnets);

}  // namespace
}  // namespace fairlead::testing
