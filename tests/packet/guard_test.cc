// SPDX-License-Identifier: Apache-2.0
//
//   pod ──▶ [from_pod]          its own address and MAC, nobody else's
//   wire ──▶ [from_network]     nobody out there speaks for our pods
//
// Promise: what claims to come from a pod comes from it; a pod's only neighbour
// is its gateway.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/neighbours.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

class FromPodGuard : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
  Pod other_ = node_.AddPod("other");
};

TEST_P(FromPodGuard, A7_34_a_pod_is_who_its_interface_says) {
  EXPECT_THAT(node_.FromPod(pod_, Udp(other_.On(1), pod_.On(53))), Drops(DROP_SPOOFED_SOURCE));
}

TEST_P(FromPodGuard, TheNodesAddressIsRefused) {
  EXPECT_THAT(node_.FromPod(pod_, Udp(node_.On(1), other_.On(53))), Drops(DROP_SPOOFED_SOURCE));
}

TEST_P(FromPodGuard, TheWorldsAddressIsRefused) {
  EXPECT_THAT(node_.FromPod(pod_, Udp(node_.World(1, 1), other_.On(53))),
              Drops(DROP_SPOOFED_SOURCE));
}

TEST_P(FromPodGuard, AnotherMacIsRefused) {
  const Packet honest = Udp(pod_.On(1), other_.On(53));
  EXPECT_THAT(node_.FromPod(pod_, honest.FromMac(other_.mac)), Drops(DROP_SPOOFED_MAC));
  MacAddress last_byte = pod_.mac;
  last_byte[5] ^= 1;
  EXPECT_THAT(node_.FromPod(pod_, honest.FromMac(last_byte)), Drops(DROP_SPOOFED_MAC));
  EXPECT_THAT(
      node_.FromPod(pod_,
                    NeighbourRequest(pod_, GatewayAddress(GetParam())).Raw(6, 0x02).Raw(11, 0xee)),
      Drops(DROP_SPOOFED_MAC));
}

TEST_P(FromPodGuard, AnInterfaceWithoutAPodIsRefused) {
  const Packet packet = Udp(pod_.On(1), other_.On(53)).OnLink(pod_.mac, kGatewayMac);
  EXPECT_THAT(node_.Run(HOOK_FROM_POD, node_.uplink(), packet), Drops(DROP_UNKNOWN_POD));
  node_.RemovePod(pod_);
  EXPECT_THAT(node_.FromPod(pod_, packet), Drops(DROP_UNKNOWN_POD));
}

TEST_P(FromPodGuard, LinkLocalDestinationsStayOnTheLink) {
  const std::vector<IpAddress> scoped =
      GetParam() == Family::kIpv4
          ? std::vector{Ip(GetParam(), "255.255.255.255", ""), Ip(GetParam(), "169.254.1.1", ""),
                        Ip(GetParam(), "127.0.0.1", ""), Ip(GetParam(), "0.0.0.0", "")}
          : std::vector{Ip(GetParam(), "", "fe80::1"), Ip(GetParam(), "", "::1"),
                        Ip(GetParam(), "", "::")};
  for (const IpAddress& address : scoped) {
    EXPECT_THAT(node_.FromPod(pod_, Udp(pod_.On(5353), {address, 5353})), Drops(DROP_LINK_SCOPE))
        << address;
  }
}

TEST_P(FromPodGuard, TheGatewayAnswersForItself) {
  const Packet request = NeighbourRequest(pod_, GatewayAddress(GetParam()));
  EXPECT_THAT(node_.FromPod(pod_, request), Answers(NeighbourReply(pod_), pod_));
}

TEST_P(FromPodGuard, TheGatewayAnswersForNobodyElse) {
  for (const IpAddress& target : {other_.address, node_.address(), WorldAddress(GetParam(), 1)}) {
    EXPECT_THAT(node_.FromPod(pod_, NeighbourRequest(pod_, target)),
                Drops(DROP_BAD_NEIGHBOUR_REQUEST));
  }
}

FAIRLEAD_BOTH_FAMILIES(FromPodGuard);

class FromPodGuardOfIpv4 : public ::testing::Test {
 protected:
  Node node_{Family::kIpv4};
  Pod pod_ = node_.AddPod("pod");
};

TEST_F(FromPodGuardOfIpv4, AnArpReplyIsNoRequest) {
  const Packet reply =
      ArpPacket(2, pod_.mac, pod_.address, kGatewayMac, GatewayAddress(Family::kIpv4));
  EXPECT_THAT(node_.FromPod(pod_, reply), Drops(DROP_BAD_NEIGHBOUR_REQUEST));
}

TEST_F(FromPodGuardOfIpv4, WhatIsNeitherIpNorArpIsRefusedFromAPodAndTheHostsElsewhere) {
  const Packet lldp =
      Udp(pod_.On(1), pod_.On(2)).OnLink(pod_.mac, kGatewayMac).Raw(12, 0x88).Raw(13, 0xcc);
  EXPECT_THAT(node_.FromPod(pod_, lldp), Drops(DROP_NOT_IP));
  EXPECT_THAT(node_.FromNetwork(lldp), LeavesAlone(lldp));
  EXPECT_THAT(node_.ToPod(pod_, lldp), LeavesAlone(lldp));
  EXPECT_THAT(node_.ToNetwork(lldp), LeavesAlone(lldp));
}

TEST_F(FromPodGuardOfIpv4, TheHostsOwnArpIsLeftAlone) {
  const Packet request = ArpPacket(1, kRouterMac, RouterAddress(Family::kIpv4), MacAddress{},
                                   NodeAddress(Family::kIpv4, 0));
  EXPECT_THAT(node_.FromNetwork(request), LeavesAlone(request));
  EXPECT_THAT(node_.ToNetwork(request), LeavesAlone(request));
  EXPECT_THAT(node_.ToPod(pod_, request), LeavesAlone(request));
}

class FromPodGuardOfIpv6 : public ::testing::Test {
 protected:
  static IpAddress Addr(const std::string& text) { return Ip(Family::kIpv6, "", text); }
  Node node_{Family::kIpv6};
  Pod pod_ = node_.AddPod("pod");
};

TEST_F(FromPodGuardOfIpv6, ThePodsOwnAddressCheckGoesNowhere) {
  EXPECT_THAT(node_.FromPod(pod_, NeighbourSolicitation(pod_, Addr("::"), pod_.address)),
              Drops(DROP_LINK_SCOPE));
}

TEST_F(FromPodGuardOfIpv6, RouterSolicitationsGoNowhere) {
  const Packet router = Icmp(Addr("fe80::2"), Addr("ff02::2"), 133, 0, 0, {}).HopLimit(255);
  EXPECT_THAT(node_.FromPod(pod_, router), Drops(DROP_LINK_SCOPE));
}

TEST_F(FromPodGuardOfIpv6, AnythingElseFromItsLinkLocalAddressGoesNowhere) {
  EXPECT_THAT(node_.FromPod(pod_, Udp({Addr("fe80::2"), 1}, node_.World(1, 1))),
              Drops(DROP_LINK_SCOPE));
}

TEST_F(FromPodGuardOfIpv6, TheGatewayAnswersTheLinkLocalAddressToo) {
  const IpAddress own = Addr("fe80::2");
  const Packet request = NeighbourSolicitation(pod_, own, GatewayAddress(Family::kIpv6));
  EXPECT_THAT(node_.FromPod(pod_, request), Answers(NeighbourReply(pod_).To(own), pod_));
}

TEST_F(FromPodGuardOfIpv6, ASolicitationThatPassedARouterIsForged) {
  const Packet request = NeighbourRequest(pod_, GatewayAddress(Family::kIpv6)).HopLimit(254);
  EXPECT_THAT(node_.FromPod(pod_, request), Drops(DROP_BAD_NEIGHBOUR_REQUEST));
}

TEST_F(FromPodGuardOfIpv6, TheHostsOwnDiscoveryIsLeftAlone) {
  const Packet request =
      NeighbourSolicitation(pod_, RouterAddress(Family::kIpv6), NodeAddress(Family::kIpv6, 0));
  EXPECT_THAT(node_.FromNetwork(request), LeavesAlone(request));
  EXPECT_THAT(node_.ToNetwork(request), LeavesAlone(request));
  EXPECT_THAT(node_.ToPod(pod_, request), LeavesAlone(request));
}

class FromNetworkGuard : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
};

TEST_P(FromNetworkGuard, A7_34_our_pods_addresses_do_not_come_from_outside) {
  const Pod other = node_.AddPod("other");
  EXPECT_THAT(node_.FromNetwork(Tcp(other.On(1), pod_.On(80)).Syn()), Drops(DROP_SPOOFED_SOURCE));
  const Endpoint unused{PodAddress(GetParam(), 0, 99), 1};
  EXPECT_THAT(node_.FromNetwork(Tcp(unused, pod_.On(80)).Syn()), Drops(DROP_SPOOFED_SOURCE));
}

TEST_P(FromNetworkGuard, TheNodesOwnAddressDoesNotComeFromOutside) {
  EXPECT_THAT(node_.FromNetwork(Tcp(node_.On(1), pod_.On(80)).Syn()), Drops(DROP_SPOOFED_SOURCE));
}

TEST_P(FromNetworkGuard, MartiansAreRefused) {
  for (const IpAddress& martian :
       {Ip(GetParam(), "127.0.0.1", "::1"), Ip(GetParam(), "224.0.0.1", "ff02::1"),
        Ip(GetParam(), "255.255.255.255", "ff0e::1")}) {
    EXPECT_THAT(node_.FromNetwork(Udp({martian, 1}, pod_.On(53))), Drops(DROP_SPOOFED_SOURCE))
        << martian;
  }
}

TEST_P(FromNetworkGuard, MulticastIsTheHosts) {
  const Packet announcement =
      Udp({RouterAddress(GetParam()), 5353}, {Ip(GetParam(), "224.0.0.251", "ff02::fb"), 5353});
  EXPECT_THAT(node_.FromNetwork(announcement), LeavesAlone(announcement));
}

FAIRLEAD_BOTH_FAMILIES(FromNetworkGuard);

}  // namespace
}  // namespace fairlead::testing
