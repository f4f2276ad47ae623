// SPDX-License-Identifier: Apache-2.0
//
//   outside ──▶ router ──▶ node1's uplink: [from_wire] ──▶ node2 ──▶ pod
//   outside ◀── router ◀── node1's uplink: [from_wire] ◀── node2 ◀── pod
//
// Promise: a Service whose backend is elsewhere is served in the uplink's driver,
// and as well where its packets cannot be.
//
// A veth sends at XDP once its other end takes bare frames (GRO), and what reaches it
// is summed, as on a wire, once no sender leaves that to a device.
#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <csignal>
#include <cstring>

#include "lab/network_namespace.h"
#include "loader/attach/xdp.h"
#include "loader/netlink/checksum_offload.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

class AtXdp : public TwoNodes {
 protected:
  bool StartsDaemons() const override { return false; }
  std::vector<std::string> DaemonFlags() const override { return {"--xdp", "native"}; }
  void SetUp() override {
    TwoNodes::SetUp();
    for (const char* end : {"node1", "node2"}) TakeBareFrames(end);
    for (const int number : {2, 1}) FL_ASSERT_OK(lab().StartDaemon(node(number)));
    Ip("router", fmt::format("route add {} via {}\n", web_.Front(GetParam()).address.ToString(),
                             AddressOf(node(1)).ToString()));
  }

  // The far end of a node's uplink, below the bridge.
  void TakeBareFrames(const std::string& device) {
    FL_ASSERT_OK(lab::InNamespace(lab::NamespaceName(lab().folder().lab(), "wire"), [&] {
      const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      ifreq request{};
      std::memcpy(request.ifr_name, device.data(), device.size());
      ethtool_value on{.cmd = ETHTOOL_SGRO, .data = 1};
      request.ifr_data = reinterpret_cast<char*>(&on);
      return ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0
                 ? absl::OkStatus()
                 : absl::InternalError("ethtool -K " + device + " gro on");
    }));
  }
  static void SumInSoftware(const std::string& network_namespace) {
    FL_ASSERT_OK(
        lab::InNamespace(network_namespace, [] { return SwitchChecksumOffloadOff("eth0"); }));
  }

  // Packets that from_wire of node1 has brought to this end.
  int64_t Count(const std::string& reason) { return Counted("node1", "from_wire", reason); }
  std::string Mode() {
    std::string mode;
    FL_EXPECT_OK(lab::InNamespace(node(1).network_namespace(), [&mode] {
      mode = attach::XdpMode(::if_nametoindex("eth0"));
      return absl::OkStatus();
    }));
    return mode;
  }

  // A connection from outside, that a megabyte goes through both ways.
  void ExpectServed() {
    absl::StatusOr<TcpClient> client = absl::UnavailableError("never tried");
    EXPECT_TRUE(lab::WaitUntil(
        [&] {
          client = TcpClient::Open(Outside(), web_.Front(GetParam()), kShortPatienceMilliseconds);
          return client.ok();
        },
        std::chrono::seconds(20)))
        << client.status();
    if (!client.ok()) return;
    EXPECT_EQ(client->server(), "web");
    EXPECT_EQ(client->seen_as(), AddressOf(node(1)));
    FL_EXPECT_OK(client->Download(kMegabyte));
    client = TcpClient::Open(Outside(), web_.Front(GetParam()));
    FL_ASSERT_OK(client.status());
    FL_EXPECT_OK(client->Upload(kMegabyte));
  }

  TestService web_{.name = "web", .number = 80};
};

TEST_P(AtXdp, PacketsTurnRoundInTheDriver) {
  const lab::Pod web = AddPod(2, "web", "web");
  AddService("web", 80);
  const auto serving = ServeTcp(web);
  SumInSoftware(Outside());
  SumInSoftware(web.network_namespace());
  EXPECT_EQ(Mode(), "native");
  ExpectServed();
  // Two megabytes in segments of at most 1448 bytes, and as many answers as TCP likes.
  EXPECT_GT(Count("TO_NODE"), 700);
  EXPECT_GT(Count("TO_WORLD"), 700);
  EXPECT_LT(Count("TO_TC"), 400);
  // Another daemon's programs take over where they are.
  auto client = TcpClient::Open(Outside(), web_.Front(GetParam()));
  FL_ASSERT_OK(client.status());
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGKILL));
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  FL_EXPECT_OK(client->Download(kMegabyte));
  EXPECT_EQ(Mode(), "native");
}

TEST_P(AtXdp, WhatLocalSendersLeaveToDevicesIsTcs) {
  const lab::Pod web = AddPod(2, "web", "web");
  AddService("web", 80);
  const auto serving = ServeTcp(web);
  ExpectServed();
  EXPECT_GT(Count("TO_TC"), 100);
  EXPECT_EQ(Count("TO_NODE"), 0);
}

FL_BOTH_FAMILIES(AtXdp);

class AtGenericXdp : public AtXdp {
  std::vector<std::string> DaemonFlags() const override { return {"--xdp", "generic"}; }
};

TEST_P(AtGenericXdp, PacketsTurnRoundBehindTheDriver) {
  const lab::Pod web = AddPod(2, "web", "web");
  AddService("web", 80);
  const auto serving = ServeTcp(web);
  SumInSoftware(Outside());
  SumInSoftware(web.network_namespace());
  EXPECT_EQ(Mode(), "generic");
  ExpectServed();
  EXPECT_GT(Count("TO_NODE"), 100);
}

FL_BOTH_FAMILIES(AtGenericXdp);

class AtAutoXdp : public AtXdp {
  std::vector<std::string> DaemonFlags() const override { return {}; }
};

TEST_P(AtAutoXdp, AVethIsLeftAlone) {
  const lab::Pod web = AddPod(2, "web", "web");
  AddService("web", 80);
  const auto serving = ServeTcp(web);
  EXPECT_EQ(Mode(), "");
  ExpectServed();
}

FL_BOTH_FAMILIES(AtAutoXdp);

}  // namespace
}  // namespace fairlead::testing
