// SPDX-License-Identifier: Apache-2.0
//
// Lengths and hops on real wires. Promise: whoever sends what does not fit is
// told, so that every connection goes on; the pods' interfaces follow the
// uplinks; traceroute shows the nodes that a packet passes.
#include <fmt/format.h>

#include <chrono>

#include "lab/network_namespace.h"
#include "loader/netlink/links.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr auto kSoon = std::chrono::seconds(20);
constexpr auto kLongestStall = std::chrono::seconds(3);

class Mtu : public TwoNodes {
 protected:
  std::string Run(const std::string& where, const std::vector<std::string>& argv) {
    const auto finished = lab().Run(where, argv, kSoon);
    EXPECT_TRUE(finished.ok()) << finished.status();
    return finished.ok() ? finished->out + finished->err : "";
  }
  void SetMtu(const std::string& where, const std::string& device, int mtu) {
    EXPECT_EQ(Run(where, {"ip", "link", "set", device, "mtu", std::to_string(mtu)}), "");
  }
  static uint32_t MtuOf(const std::string& network_namespace, const std::string& device) {
    uint32_t mtu = 0;
    const absl::Status status = lab::InNamespace(network_namespace, [&]() -> absl::Status {
      auto netlink = NetlinkSocket::Open();
      if (!netlink.ok()) return netlink.status();
      const auto link = FindLink(*netlink, device);
      if (link.ok() && link->has_value()) mtu = (*link)->mtu;
      return link.status();
    });
    EXPECT_TRUE(status.ok()) << status;
    return mtu;
  }
  // Both ends of the pod's interface.
  bool IsAsWide(const lab::Pod& pod, const std::string& device, uint32_t mtu) {
    const std::string host = lab::NamespaceName(lab().folder().lab(), pod.node());
    return lab::WaitUntil(
        [&] { return MtuOf(pod.network_namespace(), "eth0") == mtu && MtuOf(host, device) == mtu; },
        kSoon);
  }
  bool AdvancesWithoutAStall(const EndlessDownload& download) {
    for (int i = 0; i < 4; ++i) {
      const auto start = std::chrono::steady_clock::now();
      if (!download.Advances(64 * 1024)) return false;
      if (std::chrono::steady_clock::now() - start > kLongestStall) return false;
    }
    return true;
  }
  // What `ping -M do` says of a packet of `size` bytes, from its IP header on.
  std::string Ping(const std::string& where, const IpAddress& to, int size) {
    const int headers = GetParam() == Family::kIpv4 ? 28 : 48;
    return Run(where, {"ping", "-n", "-c1", "-W2", "-M", "do", "-s", std::to_string(size - headers),
                       to.ToString()});
  }
  // As iputils words it.
  std::string TooBig(int mtu) const {
    return GetParam() == Family::kIpv4 ? fmt::format("Frag needed and DF set (mtu = {})", mtu)
                                       : fmt::format("Packet too big: mtu={}", mtu);
  }
};

TEST_P(Mtu, DevicesFollowTheUplink) {
  const lab::Pod pod = AddPod(1, "pod", "pod");
  EXPECT_TRUE(IsAsWide(pod, "fl00000", 1500));
  for (const int mtu : {1400, 9000, 1500}) {
    SetMtu("node1", "eth0", mtu);
    EXPECT_TRUE(IsAsWide(pod, "fl00000", static_cast<uint32_t>(mtu))) << mtu;
  }
  SetMtu("node1", "eth0", 1300);
  EXPECT_TRUE(IsAsWide(pod, "fl00000", 1300));
  const lab::Pod later = AddPod(1, "later", "pod");
  EXPECT_TRUE(IsAsWide(later, "fl00001", 1300));
}

TEST_P(Mtu, ATransferGoesOnWhileTheUplinkGetsNarrower) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod server = AddPod(2, "server", "server");
  const auto serving = ServeTcp(server);
  auto connection = TcpClient::Open(client.network_namespace(), On(server));
  FL_ASSERT_OK(connection.status());
  EndlessDownload download(*std::move(connection));
  ASSERT_TRUE(download.Advances(kMegabyte));
  for (const auto& [node, mtu] : {std::pair{"node2", 1400},
                                  {"node1", 1400},
                                  {"node2", 1300},
                                  {"node1", 1300},
                                  {"node1", 1500},
                                  {"node2", 1500}}) {
    SetMtu(node, "eth0", mtu);
    EXPECT_TRUE(AdvancesWithoutAStall(download)) << node << " at " << mtu;
  }
  FL_EXPECT_OK(download.Finish());
}

TEST_P(Mtu, ANarrowLinkBehindARouterIsFoundOut) {
  const lab::Pod client = AddPod(1, "client", "client");
  // Its far end stays wide: otherwise both would agree on small segments at once.
  SetMtu("router", "world", 1300);
  const auto serving = ServeTcpOutside();
  auto connection =
      TcpClient::Open(client.network_namespace(), Endpoint{OutsideAddress(), kPodPort});
  FL_ASSERT_OK(connection.status());
  FL_EXPECT_OK(connection->Upload(4 * kMegabyte));
  // The router's word has reached the pod, translated.
  EXPECT_THAT(Run("client", {"ip", "route", "get", OutsideAddress().ToString()}),
              HasSubstr("mtu 1300"));
}

FL_BOTH_FAMILIES(Mtu);

class Traceroute : public Mtu {
 protected:
  // "1  172.31.0.11" per hop, without times.
  std::string Trace(const std::string& where, const std::vector<std::string>& how,
                    const IpAddress& to) {
    std::vector<std::string> argv = {"traceroute", "-n", "-q1", "-w2", "-m5", "-N1"};
    argv.insert(argv.end(), how.begin(), how.end());
    argv.push_back(to.ToString());
    return Run(where, argv);
  }
  static std::string Hop(int number, const IpAddress& address) {
    return fmt::format("\n *{}  {} ", number, address.ToString());
  }
};

TEST_P(Traceroute, ShowsTheNodesOnTheWay) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod near = AddPod(1, "near", "near");
  const lab::Pod far = AddPod(2, "far", "far");
  const auto serving = ServeTcp(far);
  const std::vector<std::string> tcp = {"-T", "-p", std::to_string(kPodPort)};
  for (const std::vector<std::string>& how : {{}, {"-I"}, tcp}) {
    const std::string trace = Trace("client", how, AddressOf(far));
    EXPECT_THAT(trace, ContainsRegex(Hop(1, AddressOf(node(1)))));
    EXPECT_THAT(trace, ContainsRegex(Hop(2, AddressOf(node(2)))));
    EXPECT_THAT(trace, ContainsRegex(Hop(3, AddressOf(far))));
  }
  const std::string to_near = Trace("client", {"-I"}, AddressOf(near));
  EXPECT_THAT(to_near, ContainsRegex(Hop(1, AddressOf(node(1)))));
  EXPECT_THAT(to_near, ContainsRegex(Hop(2, AddressOf(near))));
  const std::string to_world = Trace("client", {"-I"}, OutsideAddress());
  EXPECT_THAT(to_world, ContainsRegex(Hop(1, AddressOf(node(1)))));
  EXPECT_THAT(to_world, HasSubstr(OutsideAddress().ToString() + " "));
  const std::string from_peer = Trace("node2", {"-I"}, AddressOf(client));
  EXPECT_THAT(from_peer, ContainsRegex(Hop(1, AddressOf(node(1)))));
  EXPECT_THAT(from_peer, ContainsRegex(Hop(2, AddressOf(client))));
}

TEST_P(Traceroute, ShowsTheNodesOnTheWayToAService) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod backend = AddPod(2, "backend", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(backend);
  ASSERT_TRUE(Settles(client, web, {"backend"}));
  const Endpoint front = web.Front(GetParam());
  const std::string trace =
      Trace("client", {"-T", "-p", std::to_string(front.port)}, front.address);
  EXPECT_THAT(trace, ContainsRegex(Hop(1, AddressOf(node(1)))));
  EXPECT_THAT(trace, ContainsRegex(Hop(2, AddressOf(node(2)))));
  EXPECT_THAT(trace, ContainsRegex(Hop(3, front.address)));
}

FL_BOTH_FAMILIES(Traceroute);

// Pods wider than the wire, as `--mtu` allows.
class WidePods : public Mtu {
 protected:
  std::vector<std::string> DaemonFlags() const override { return {"--mtu=1500"}; }
};

TEST_P(WidePods, AreToldWhatTheWireCarries) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod server = AddPod(2, "server", "server");
  SetMtu("node1", "eth0", 1400);
  const auto is_told = [&](const IpAddress& to) {
    return lab::WaitUntil(
        [&] { return Ping("client", to, 1500).find(TooBig(1400)) != std::string::npos; }, kSoon);
  };
  EXPECT_TRUE(is_told(AddressOf(server)));
  EXPECT_TRUE(is_told(OutsideAddress()));
  // Once told, the pod's own stack knows.
  EXPECT_THAT(Run("client", {"ip", "route", "get", AddressOf(server).ToString()}),
              HasSubstr("mtu 1400"));
  EXPECT_THAT(Ping("client", AddressOf(server), 1400), HasSubstr(" 0% packet loss"));
  EXPECT_TRUE(IsAsWide(client, "fl00000", 1500));
}

FL_BOTH_FAMILIES(WidePods);

// Pods narrower than the wire: the world is told.
class NarrowPods : public Mtu {
 protected:
  std::vector<std::string> DaemonFlags() const override { return {"--mtu=1300"}; }
};

TEST_P(NarrowPods, TellTheWorldAndOtherNodes) {
  const lab::Pod pod = AddPod(1, "pod", "pod");
  EXPECT_THAT(Ping("node2", AddressOf(pod), 1500), HasSubstr(TooBig(1300)));
  EXPECT_THAT(Ping("node2", AddressOf(pod), 1300), HasSubstr(" 0% packet loss"));
}

FL_BOTH_FAMILIES(NarrowPods);

}  // namespace
}  // namespace fairlead::testing
