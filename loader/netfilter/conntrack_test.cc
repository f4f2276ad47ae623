// SPDX-License-Identifier: Apache-2.0
//
// Real connections through a real rule, in a namespace with nothing but lo.
#include "loader/netfilter/conntrack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "base/socket_address.h"
#include "loader/netfilter/nftables.h"
#include "loader/netlink/links.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead {
namespace {

using ::testing::IsEmpty;
using testing::Must;
using testing::MustOk;
using testing::ScratchNetns;
using ::testing::SizeIs;

constexpr uint16_t kFrontPort = 7000;
constexpr uint16_t kBackPort = 7001;

struct Loopback {
  int family;
  const char* address;
  const char* nft_family;
};

UniqueFd Socket(const Loopback& at, int type, uint16_t port, decltype(&::connect) call) {
  UniqueFd fd(::socket(at.family, type | SOCK_CLOEXEC, 0));
  const SocketAddress address({Must(IpAddress::Parse(at.address)), port});
  EXPECT_EQ(call(fd.get(), address.get(), address.size), 0) << errno;
  return fd;
}

class TranslatedConnection : public ::testing::TestWithParam<Loopback> {
 protected:
  TranslatedConnection() {
    NetlinkSocket route = Must(NetlinkSocket::Open());
    MustOk(SetLinkUp(route, Must(FindLink(route, std::string("lo")))->index));
    Nftables nftables = Must(Nftables::Open());
    for (const char* protocol : {"tcp", "udp"}) {
      MustOk(nftables.Run(fmt::format(
          "add table {0} t; add chain {0} t out {{ type nat hook output priority -100 ; }}\n"
          "add rule {0} t out {1} dport {2} redirect to :{3}",
          GetParam().nft_family, protocol, kFrontPort, kBackPort)));
    }
  }

  ScratchNetns netns_;
  NetlinkSocket netfilter_ = Must(NetlinkSocket::Open(NETLINK_NETFILTER));
};

TEST_P(TranslatedConnection, OfTcpIsListedAndForgotten) {
  const UniqueFd server = Socket(GetParam(), SOCK_STREAM, kBackPort, ::bind);
  ASSERT_EQ(::listen(server.get(), 1), 0);
  const UniqueFd client = Socket(GetParam(), SOCK_STREAM, kFrontPort, ::connect);
  const auto connections = Must(ListTranslatedConnections(netfilter_));
  ASSERT_THAT(connections, SizeIs(1));
  const TrackedConnection& one = connections[0];
  EXPECT_EQ(one.protocol, Protocol::kTcp);
  EXPECT_EQ(one.source.address.ToString(), GetParam().address);
  EXPECT_EQ(one.destination.port, kFrontPort);
  EXPECT_EQ(one.reply_source.port, kBackPort);
  EXPECT_EQ(one.reply_destination, one.source);
  EXPECT_TRUE(one.established);
  EXPECT_GT(one.window_scale[0], 0);
  EXPECT_EQ(one.window_scale[0], one.window_scale[1]) << "of one host";
  MustOk(DeleteConnection(netfilter_, one));
  EXPECT_THAT(Must(ListTranslatedConnections(netfilter_)), IsEmpty());
  MustOk(DeleteConnection(netfilter_, one));
}

TEST_P(TranslatedConnection, ThatIsClosingIsNotEstablished) {
  const UniqueFd server = Socket(GetParam(), SOCK_STREAM, kBackPort, ::bind);
  ASSERT_EQ(::listen(server.get(), 1), 0);
  const UniqueFd client = Socket(GetParam(), SOCK_STREAM, kFrontPort, ::connect);
  ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);
  const auto connections = Must(ListTranslatedConnections(netfilter_));
  ASSERT_THAT(connections, SizeIs(1));
  EXPECT_FALSE(connections[0].established);
}

TEST_P(TranslatedConnection, OfUdpIsEstablishedOnceAnswered) {
  const UniqueFd server = Socket(GetParam(), SOCK_DGRAM, kBackPort, ::bind);
  const UniqueFd client = Socket(GetParam(), SOCK_DGRAM, kFrontPort, ::connect);
  char byte = 'x';
  ASSERT_EQ(::send(client.get(), &byte, 1, 0), 1);
  EXPECT_FALSE(Must(ListTranslatedConnections(netfilter_)).at(0).established);
  SocketAddress from;
  ASSERT_EQ(::recvfrom(server.get(), &byte, 1, 0, from.get(), &from.size), 1);
  ASSERT_EQ(::sendto(server.get(), &byte, 1, 0, from.get(), from.size), 1);
  ASSERT_EQ(::recv(client.get(), &byte, 1, 0), 1);
  EXPECT_TRUE(Must(ListTranslatedConnections(netfilter_)).at(0).established);
}

TEST(ConnectionsWithoutTranslation, AreNotListed) {
  const ScratchNetns netns;
  NetlinkSocket netfilter = Must(NetlinkSocket::Open(NETLINK_NETFILTER));
  EXPECT_THAT(Must(ListTranslatedConnections(netfilter)), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, TranslatedConnection,
                         ::testing::Values(Loopback{AF_INET, "127.0.0.1", "ip"},
                                           Loopback{AF_INET6, "::1", "ip6"}),
                         [](const auto& loopback) {
                           return loopback.param.family == AF_INET ? "IPv4" : "IPv6";
                         });

}  // namespace
}  // namespace fairlead
