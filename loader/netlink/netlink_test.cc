// SPDX-License-Identifier: Apache-2.0
//
// rtnetlink against the real kernel, in a namespace of its own: what was asked
// for is there, asking again is harmless, and errors say what was tried.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/neighbour.h>
#include <poll.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "loader/netlink/addresses.h"
#include "loader/netlink/checksum_offload.h"
#include "loader/netlink/links.h"
#include "loader/netlink/monitor.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/routes.h"
#include "loader/netlink/scratch_netns.h"
#include "loader/netlink/sysctls.h"
#include "loader/netlink/vxlan.h"

namespace fairlead::testing {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kIndex = 0x100007;
constexpr MacAddress kHostMac = {2, 0, 0, 0, 0, 1};
constexpr MacAddress kPeerMac = {2, 0, 0, 0, 0, 2};

class VethWorld : public ::testing::Test {
 protected:
  VethWorld() {
    MustOk(Create());
    MustOk(SetLinkUp(host_, kIndex));
    const std::optional<Link> peer = Must(FindLink(inside_, "eth0"));
    if (peer) peer_index_ = peer->index;
    MustOk(SetLinkUp(inside_, peer_index_));
  }

  absl::Status Create() {
    return CreateVeth(host_, {.host_name = "fl00007",
                              .host_index = kIndex,
                              .host_mac = kHostMac,
                              .peer_name = "eth0",
                              .peer_mac = kPeerMac,
                              .peer_netns_fd = pod_.get(),
                              .mtu = 1400});
  }

  ScratchNetns node_;
  UniqueFd pod_ = Must(MakeNetns());
  NetlinkSocket host_ = Must(NetlinkSocket::Open());
  NetlinkSocket inside_ = Must(NetlinkSocket::OpenIn(pod_.get()));
  uint32_t peer_index_ = 0;
};

TEST_F(VethWorld, HostEndHasTheIndexNameAndMacThatWereChosen) {
  const std::optional<Link> link = Must(FindLink(host_, kIndex));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->name, "fl00007");
  EXPECT_EQ(link->kind, "veth");
  EXPECT_EQ(link->mac, kHostMac);
  EXPECT_EQ(link->mtu, 1400u);
  EXPECT_TRUE(link->is_up());
  EXPECT_TRUE(link->has_carrier());
}

TEST_F(VethWorld, PeerIsBornInThePodNamespaceAndNeverSeenInOurs) {
  const std::optional<Link> peer = Must(FindLink(inside_, "eth0"));
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->mac, kPeerMac);
  EXPECT_EQ(peer->mtu, 1400u);
  EXPECT_FALSE(Must(FindLink(host_, "eth0")).has_value());
}

TEST_F(VethWorld, MakingItTwiceNamesTheLinkAndTheKernelsReason) {
  const absl::Status status = Create();
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("create veth fl00007"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("EEXIST"));
}

TEST_F(VethWorld, ErrorsCarryTheKernelsExtendedExplanation) {
  const absl::Status status = SetLinkMtu(host_, kIndex, 20);
  EXPECT_THAT(std::string(status.message()), HasSubstr("EINVAL (mtu less than device minimum)"));
}

TEST_F(VethWorld, DeletingTakesBothEndsAndTwiceIsFine) {
  EXPECT_TRUE(DeleteLink(host_, kIndex).ok());
  EXPECT_FALSE(Must(FindLink(inside_, "eth0")).has_value());
  EXPECT_TRUE(DeleteLink(host_, kIndex).ok());
}

TEST_F(VethWorld, AliasMtuAndMacCanBeChanged) {
  ASSERT_TRUE(SetLinkAlias(host_, kIndex, "fairlead pod").ok());
  ASSERT_TRUE(SetLinkMtu(host_, kIndex, 1300).ok());
  ASSERT_TRUE(SetLinkMac(host_, kIndex, kPeerMac).ok());
  const std::optional<Link> link = Must(FindLink(host_, "fl00007"));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->alias, "fairlead pod");
  EXPECT_EQ(link->mtu, 1300u);
  EXPECT_EQ(link->mac, kPeerMac);
}

TEST_F(VethWorld, NoLinkLocalMeansNoIpv6AddressWhenItGoesUp) {
  MustOk(DeleteLink(host_, kIndex));
  MustOk(Create());
  ASSERT_TRUE(SetNoIpv6LinkLocal(host_, kIndex).ok());
  MustOk(SetLinkUp(host_, kIndex));
  for (const InterfaceAddress& address : Must(ListAddresses(host_))) {
    EXPECT_NE(address.link_index, kIndex) << address.address;
  }
}

class Both : public VethWorld, public ::testing::WithParamInterface<Family> {
 protected:
  IpAddress At(const char* ip4, const char* ip6) const {
    return Must(IpAddress::Parse(GetParam() == Family::kIpv4 ? ip4 : ip6));
  }
  int bits() const { return AddressBits(GetParam()); }
  IpAddress pod_ip() const { return At("10.1.0.2", "fd00:1::2"); }
  IpAddress peer_node() const { return At("192.168.7.2", "fd00:7::2"); }
};

TEST_P(Both, AddressIsListedAndAddingOrDeletingItTwiceIsFine) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(AddAddress(host_, kIndex, pod_ip(), bits()).ok());
  const std::vector<InterfaceAddress> addresses = Must(ListAddresses(host_));
  const auto found = std::ranges::find(addresses, pod_ip(), &InterfaceAddress::address);
  ASSERT_NE(found, addresses.end());
  EXPECT_EQ(found->link_index, kIndex);
  EXPECT_EQ(found->prefix_length, bits());
  for (int i = 0; i < 2; ++i) {
    const absl::Status deleted = DeleteAddress(host_, kIndex, pod_ip(), bits());
    EXPECT_TRUE(deleted.ok()) << deleted;
  }
}

TEST_P(Both, RouteToALinkIsListedAsItWasMade) {
  const Route route{.destination = Cidr::Make(pod_ip(), bits()), .link_index = kIndex};
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(ReplaceRoute(host_, route).ok());
  std::vector<Route> ours = Must(ListRoutes(host_, {.protocol = kRouteProtocol}));
  ASSERT_EQ(ours.size(), 1u);
  ours[0].metric = 0;  // IPv6 fills in its default
  EXPECT_EQ(ours[0], route);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(DeleteRoute(host_, route).ok());
  EXPECT_TRUE(Must(ListRoutes(host_, {.protocol = kRouteProtocol})).empty());
}

TEST_P(Both, ReplacingARouteChangesItsGateway) {
  ASSERT_TRUE(AddAddress(host_, kIndex, At("192.168.7.1", "fd00:7::1"), bits() - 8).ok());
  const Cidr pods = Cidr::Make(pod_ip(), bits() - 8);
  Route route{.destination = pods, .link_index = kIndex, .gateway = peer_node()};
  ASSERT_TRUE(ReplaceRoute(host_, route).ok());
  route.gateway = peer_node().Plus(1);
  ASSERT_TRUE(ReplaceRoute(host_, route).ok());
  const std::vector<Route> ours = Must(ListRoutes(host_, {.protocol = kRouteProtocol}));
  ASSERT_EQ(ours.size(), 1u);
  EXPECT_EQ(ours[0].gateway, route.gateway);
}

TEST_P(Both, UnreachableRouteInATableAbove255IsFoundAndDeleted) {
  const Route route{.destination = Cidr::Make(pod_ip(), bits() - 8),
                    .kind = RouteKind::kUnreachable,
                    .table = 1000};
  ASSERT_TRUE(ReplaceRoute(host_, route).ok());
  const std::vector<Route> ours =
      Must(ListRoutes(host_, {.family = GetParam(), .table = 1000, .protocol = kRouteProtocol}));
  ASSERT_EQ(ours.size(), 1u);
  EXPECT_EQ(ours[0].kind, RouteKind::kUnreachable);
  EXPECT_EQ(ours[0].link_index, 0u);
  EXPECT_TRUE(DeleteRoute(host_, ours[0]).ok());
  EXPECT_TRUE(Must(ListRoutes(host_, {.table = std::nullopt, .protocol = kRouteProtocol})).empty());
}

TEST_P(Both, OnlyOwnAddressesAreDeliveredLocally) {
  EXPECT_FALSE(Must(IsDeliveredLocally(host_, pod_ip())));  // no route at all
  ASSERT_TRUE(
      ReplaceRoute(host_, {.destination = Cidr::Make(pod_ip(), bits()), .link_index = kIndex})
          .ok());
  EXPECT_FALSE(Must(IsDeliveredLocally(host_, pod_ip())));
  MustOk(SetLinkUp(host_, 1));
  EXPECT_TRUE(Must(IsDeliveredLocally(host_, At("127.0.0.1", "::1"))));
}

TEST_P(Both, RouteThroughAMissingLinkSaysWhichRoute) {
  const absl::Status status =
      ReplaceRoute(host_, {.destination = Cidr::Make(pod_ip(), bits()), .link_index = kIndex + 1});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("replace route " + pod_ip().ToString()));
}

TEST_P(Both, NeighbourIsPermanentUntilItIsDeleted) {
  ASSERT_TRUE(PutNeighbour(host_, kIndex, pod_ip(), kHostMac, NUD_PERMANENT).ok());
  ASSERT_TRUE(PutNeighbour(host_, kIndex, pod_ip(), kPeerMac, NUD_PERMANENT).ok());
  const std::vector<Neighbour> neighbours = Must(ListNeighbours(host_));
  const auto found = std::ranges::find(neighbours, pod_ip(), &Neighbour::address);
  ASSERT_NE(found, neighbours.end());
  EXPECT_EQ(found->link_index, kIndex);
  EXPECT_EQ(found->mac, kPeerMac);
  EXPECT_EQ(found->state, NUD_PERMANENT);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(DeleteNeighbour(host_, kIndex, pod_ip()).ok());
}

TEST_P(Both, MonitorReportsAnAddressAndItsRoutes) {
  NetworkMonitor monitor = Must(NetworkMonitor::Open());
  ASSERT_TRUE(AddAddress(host_, kIndex, pod_ip(), bits() - 8).ok());
  // The kernel announces an IPv6 address a moment after it has acknowledged it.
  NetworkChanges changes;
  pollfd wait{.fd = monitor.fd(), .events = POLLIN, .revents = 0};
  while (!(changes.addresses && changes.routes) && ::poll(&wait, 1, 10000) == 1) {
    const NetworkChanges more = Must(monitor.Drain());
    changes.addresses |= more.addresses;
    changes.routes |= more.routes;
  }
  EXPECT_TRUE(changes.addresses);
  EXPECT_TRUE(changes.routes);
}

INSTANTIATE_TEST_SUITE_P(Families, Both, ::testing::Values(Family::kIpv4, Family::kIpv6),
                         [](const auto& one) { return std::string(FamilyName(one.param)); });

TEST_F(VethWorld, MonitorIsSilentAboutLinksItWasToldToIgnore) {
  NetworkMonitor monitor = Must(NetworkMonitor::Open(0x100000, 4096));
  ASSERT_TRUE(SetLinkMtu(host_, kIndex, 1350).ok());
  EXPECT_FALSE(Must(monitor.Drain()).any());
  ASSERT_TRUE(SetLinkUp(host_, 1).ok());
  EXPECT_TRUE(Must(monitor.Drain()).links);
}

TEST_F(VethWorld, MonitorReportsForwardingAndFiltersThatChange) {
  NetworkMonitor monitor = Must(NetworkMonitor::Open());
  ASSERT_TRUE(WriteSysctl("net.ipv4.ip_forward", "1").ok());
  EXPECT_TRUE(Must(monitor.Drain()).sysctls);
  ASSERT_TRUE(WriteSysctl("net.ipv6.conf.all.forwarding", "1").ok());
  EXPECT_TRUE(Must(monitor.Drain()).sysctls);
  ASSERT_TRUE(WriteSysctl("net.ipv4.conf.all.rp_filter", "1").ok());
  EXPECT_TRUE(Must(monitor.Drain()).sysctls);
}

TEST_F(VethWorld, MonitorNamesIgnoredLinksThatCanNoLongerServePods) {
  NetworkMonitor monitor = Must(NetworkMonitor::Open(0x100000, 4096));
  const Link link = *Must(FindLink(host_, kIndex));
  const std::string forwarding = DeviceSysctl(Family::kIpv4, link.name, "forwarding");
  ASSERT_TRUE(WriteSysctl(forwarding, "1").ok());
  NetworkChanges changes = Must(monitor.Drain());
  EXPECT_TRUE(changes.spoilt_links.empty());
  EXPECT_FALSE(changes.sysctls);
  ASSERT_TRUE(WriteSysctl(forwarding, "0").ok());
  changes = Must(monitor.Drain());
  EXPECT_EQ(changes.spoilt_links, std::set<uint32_t>{kIndex});
  EXPECT_FALSE(changes.sysctls);
}

TEST_F(VethWorld, MonitorReportsEverythingAfterEventsWereLost) {
  NetworkMonitor monitor = Must(NetworkMonitor::Open());
  // Until the socket's buffer cannot have held them all.
  for (int i = 0; i < 4000; ++i) {
    ASSERT_TRUE(SetLinkMtu(host_, kIndex, 1300 + static_cast<uint32_t>(i % 2)).ok());
  }
  const NetworkChanges changes = Must(monitor.Drain());
  EXPECT_TRUE(changes.links);
  EXPECT_TRUE(changes.addresses);
  EXPECT_TRUE(changes.routes);
}

TEST(Vxlan, IsFoundAgainAsItWasCreated) {
  ScratchNetns node;
  NetlinkSocket netlink = Must(NetlinkSocket::Open());
  EXPECT_FALSE(Must(FindVxlan(netlink, "tunnel")).has_value());
  MustOk(CreateVxlan(netlink, {.name = "tunnel", .mac = kHostMac, .port = 4789, .mtu = 1430}));
  const std::optional<FoundVxlan> found = Must(FindVxlan(netlink, "tunnel"));
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->is_as_created);
  EXPECT_EQ(found->port, 4789);
  EXPECT_EQ(found->link.mac, kHostMac);
  EXPECT_EQ(found->link.mtu, 1430U);
  EXPECT_FALSE(found->link.is_up());
  EXPECT_TRUE(SetLinkUp(netlink, found->link.index).ok());
}

TEST(Vxlan, TellsWhatIsNotOurs) {
  ScratchNetns node;
  NetlinkSocket netlink = Must(NetlinkSocket::Open());
  MustOk(CreateVeth(
      netlink,
      {.host_name = "tunnel", .host_mac = kHostMac, .peer_name = "peer", .peer_mac = kPeerMac}));
  EXPECT_TRUE(absl::IsFailedPrecondition(FindVxlan(netlink, "tunnel").status()));
  MustOk(CreateVxlan(netlink, {.name = "one", .mac = kHostMac, .port = 4789}));
  EXPECT_TRUE(
      absl::IsAlreadyExists(CreateVxlan(netlink, {.name = "two", .mac = kHostMac, .port = 4789})));
}

TEST(Vxlan, ChecksumOffloadIsSwitchedOff) {
  ScratchNetns node;
  NetlinkSocket netlink = Must(NetlinkSocket::Open());
  MustOk(CreateVxlan(netlink, {.name = "tunnel", .mac = kHostMac, .port = 4789}));
  EXPECT_TRUE(Must(HasChecksumOffload("tunnel")));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(SwitchChecksumOffloadOff("tunnel").ok());
  EXPECT_FALSE(Must(HasChecksumOffload("tunnel")));
  EXPECT_THAT(std::string(SwitchChecksumOffloadOff("nobody").message()), HasSubstr("nobody"));
}

TEST(ForeignNetns, OwnNamespaceAndOrdinaryFilesAreRefused) {
  ScratchNetns node;
  const UniqueFd other = Must(MakeNetns());
  EXPECT_TRUE(CheckForeignNetns(other.get()).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckForeignNetns(node.fd())));
  const ScratchDirectory directory;
  const UniqueFd file(::open(directory.path().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckForeignNetns(file.get())));
}

TEST(RunInNetns, CallersThreadStaysWhereItIs) {
  ScratchNetns node;
  const UniqueFd other = Must(MakeNetns());
  bool own_inside = true;
  ASSERT_TRUE(RunInNetns(other.get(), [&] {
                own_inside = !CheckForeignNetns(other.get()).ok();
                return absl::OkStatus();
              }).ok());
  EXPECT_TRUE(own_inside);
  EXPECT_FALSE(CheckForeignNetns(node.fd()).ok());
}

}  // namespace
}  // namespace fairlead::testing
