// SPDX-License-Identifier: Apache-2.0
//
//   listener ──▶ report: I listen to G ──▶ [from_pod] ─▶ deliver_multicast: noted
//   sender ──▶ to G ──▶ [from_pod] ─▶ deliver_multicast ──▶ listener, as it was sent
//
// Promise: for multicast the pods of a node are one link; each hears what it
// listens to, nobody speaks for another, and no pod fills the table.
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/group_reports.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

// Hears what is delivered to a pod.
class Ear {
 public:
  explicit Ear(const Pod& pod)
      : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL))) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex =
        static_cast<int>(::if_nametoindex(fmt::format("eth{}", pod.slot).c_str()));
    const void* raw = &address;
    EXPECT_EQ(::bind(socket_.get(), static_cast<const sockaddr*>(raw), sizeof(address)), 0);
  }
  // True when the frame arrives within ten seconds.
  bool Hears(const Bytes& frame) {
    pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    while (::poll(&wait, 1, 10000) == 1) {
      if (Next() == frame) return true;
    }
    return false;
  }
  // To be asked once somebody behind this pod has heard it: copies are made in order of slots.
  bool HasHeard(const Bytes& frame) {
    for (Bytes next = Next(); !next.empty(); next = Next()) {
      if (next == frame) return true;
    }
    return false;
  }

 private:
  Bytes Next() {
    Bytes frame(2048);
    const ssize_t got = ::recv(socket_.get(), frame.data(), frame.size(), 0);
    frame.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return frame;
  }
  UniqueFd socket_;
};

class Multicast : public ::testing::TestWithParam<Family> {
 protected:
  IpAddress Group(int number = 1) const {
    return Ip(GetParam(), "239.1.0.0", "ff15::").Plus(static_cast<uint64_t>(number));
  }
  Packet To(const IpAddress& group) const { return Udp(sender_.On(5353), {group, 5353}); }
  Packet Sent(const Packet& packet) const { return packet.OnLink(sender_.mac, kGroupMac); }
  void Join(const Pod& pod, const IpAddress& group) {
    EXPECT_EQ(ReasonName(node_.FromPod(pod, JoinGroup(pod, group)).reason), "GROUPS_NOTED");
  }
  std::string ReasonOf(const Pod& pod, const Packet& packet) {
    return ReasonName(node_.FromPod(pod, packet).reason);
  }

  static constexpr MacAddress kGroupMac = {0x01, 0, 0x5e, 1, 0, 1};
  Node node_{GetParam()};
  Pod sender_ = node_.AddPod("sender");
  Pod other_ = node_.AddPod("other");
  Pod listener_ = node_.AddPod("listener");
};

TEST_P(Multicast, ReachesWhoListensAndNobodyElseJustAsItWasSent) {
  Ear listening(listener_), other(other_), own(sender_);
  Join(listener_, Group());
  const Packet packet = Sent(To(Group()).HopLimit(1));
  EXPECT_EQ(ReasonOf(sender_, packet), "TO_GROUP");
  EXPECT_TRUE(listening.Hears(packet.ToBytes()));
  EXPECT_FALSE(other.HasHeard(packet.ToBytes()));
  EXPECT_FALSE(own.HasHeard(packet.ToBytes()));
}

TEST_P(Multicast, ReachesEveryListener) {
  Ear first(other_), second(listener_);
  Join(other_, Group());
  Join(listener_, Group());
  const Packet packet = Sent(To(Group()));
  EXPECT_EQ(ReasonOf(sender_, packet), "TO_GROUP");
  EXPECT_TRUE(first.Hears(packet.ToBytes()));
  EXPECT_TRUE(second.Hears(packet.ToBytes()));
}

TEST_P(Multicast, OfTheLinkItselfIsDeliveredToo) {
  const IpAddress group = Ip(GetParam(), "224.0.0.251", "ff02::fb");
  Join(listener_, group);
  EXPECT_EQ(ReasonOf(sender_, To(group).HopLimit(255)), "TO_GROUP");
  EXPECT_EQ(ReasonOf(sender_, WithProtocol(112, sender_.address, group).HopLimit(255)), "TO_GROUP");
}

TEST_P(Multicast, EndsWhenTheListenerLeaves) {
  Join(listener_, Group());
  node_.FromPod(listener_, LeaveGroup(listener_, Group()));
  EXPECT_EQ(ReasonOf(sender_, To(Group())), "NO_LISTENER");
}

TEST_P(Multicast, OfTheSenderAloneReachesNobody) {
  Join(sender_, Group());
  EXPECT_EQ(ReasonOf(sender_, To(Group())), "NO_LISTENER");
}

TEST_P(Multicast, IsAskedForByOlderVersionsAsWell) {
  EXPECT_EQ(ReasonOf(listener_, OldJoin(listener_, Group())), "GROUPS_NOTED");
  EXPECT_EQ(ReasonOf(sender_, To(Group())), "TO_GROUP");
  EXPECT_EQ(ReasonOf(listener_, OldLeave(listener_, Group())), "GROUPS_NOTED");
  EXPECT_EQ(ReasonOf(sender_, To(Group())), "NO_LISTENER");
}

TEST_P(Multicast, IsAskedForInOneReportOfManyRecords) {
  const IpAddress source = sender_.address;
  node_.FromPod(listener_,
                GroupReport(listener_, {{RecordType::kIsExclude, Group(1), {source, source}},
                                        {RecordType::kIsInclude, Group(2), {source}},
                                        {RecordType::kAllow, Group(3), {source}},
                                        {RecordType::kToExclude, Group(4)}}));
  for (int group = 1; group <= 4; ++group) {
    EXPECT_EQ(ReasonOf(sender_, To(Group(group))), "TO_GROUP") << group;
  }
  node_.FromPod(listener_, GroupReport(listener_, {{RecordType::kBlock, Group(1), {source}},
                                                   {RecordType::kToInclude, Group(2), {source}},
                                                   {RecordType::kIsInclude, Group(3)}}));
  EXPECT_EQ(ReasonOf(sender_, To(Group(1))), "TO_GROUP");
  EXPECT_EQ(ReasonOf(sender_, To(Group(2))), "TO_GROUP");
  EXPECT_EQ(ReasonOf(sender_, To(Group(3))), "NO_LISTENER");
}

TEST_P(Multicast, ReportsThatEndEarlyAreRefused) {
  const Packet report = JoinGroup(listener_, Group());
  for (const Packet& cut :
       {report.Raw(GetParam() == Family::kIpv4 ? 45 : 69, 9),
        GroupReport(listener_, {{RecordType::kToExclude, Group()}, {RecordType::kAllow, Group(2)}})
            .Raw(GetParam() == Family::kIpv4 ? 49 : 73, 0xff)}) {
    EXPECT_EQ(ReasonOf(listener_, cut), "TOO_SHORT");
  }
}

TEST_P(Multicast, IsForgottenWithThePod) {
  Join(listener_, Group());
  Join(other_, Group());
  node_.RemovePod(other_);
  EXPECT_EQ(ReasonOf(sender_, To(Group())), "TO_GROUP");
  node_.ReplacePod(listener_, "successor");
  EXPECT_EQ(ReasonOf(sender_, To(Group())), "NO_LISTENER");
}

TEST_P(Multicast, FromAnothersAddressIsRefused) {
  Join(listener_, Group());
  EXPECT_EQ(ReasonOf(sender_, To(Group()).From(other_.On(1))), "SPOOFED_SOURCE");
  EXPECT_EQ(ReasonOf(sender_, To(Group()).FromMac(other_.mac)), "SPOOFED_MAC");
  EXPECT_EQ(ReasonOf(other_, LeaveGroup(listener_, Group()).FromMac(other_.mac)), "SPOOFED_SOURCE");
  EXPECT_EQ(ReasonOf(sender_, To(Group())), "TO_GROUP");
}

TEST_P(Multicast, APodMayListenToSoManyGroupsAndNoMore) {
  for (int group = 0; group < FL_GROUPS_PER_POD; ++group) Join(other_, Group(group));
  Join(other_, Group(0));  // said again, it is no further one
  EXPECT_EQ(ReasonOf(other_, JoinGroup(other_, Group(1000))), "TOO_MANY_GROUPS");
  EXPECT_EQ(ReasonOf(sender_, To(Group(1000))), "NO_LISTENER");
  Join(listener_, Group(1000));
  node_.FromPod(other_, LeaveGroup(other_, Group(0)));
  Join(other_, Group(1000));
  const Pod successor = node_.ReplacePod(other_, "successor");
  for (int group = 0; group < FL_GROUPS_PER_POD; ++group) Join(successor, Group(group));
}

TEST_P(Multicast, FromTheWireIsTheHosts) {
  Join(listener_, Group());
  const Packet packet = Udp(node_.World(1, 1), {Group(), 5353});
  EXPECT_THAT(node_.FromNetwork(packet), LeavesAlone(packet));
}

TEST_P(Multicast, OfTheHostReachesThePod) {
  const Packet packet = Udp(node_.On(1), {Group(), 5353});
  EXPECT_THAT(node_.ToPod(listener_, packet), LeavesAlone(packet));
}

FAIRLEAD_BOTH_FAMILIES(Multicast);

class Ipv6Multicast : public Multicast {};

TEST_P(Ipv6Multicast, ComesFromThePodsOwnLinkAddressAndNoOther) {
  const IpAddress group = Ip(Family::kIpv6, "", "ff02::fb");
  Join(listener_, group);
  const Packet packet = Udp({LinkAddress(sender_), 5353}, {group, 5353});
  EXPECT_EQ(ReasonOf(sender_, packet), "TO_GROUP");
  EXPECT_EQ(ReasonOf(sender_, packet.From(LinkAddress(other_))), "SPOOFED_SOURCE");
}

TEST_P(Ipv6Multicast, IsReportedFromNoAddressWhileTheOwnIsChecked) {
  const IpAddress none = Ip(Family::kIpv6, "", "::");
  EXPECT_EQ(ReasonOf(listener_, JoinGroup(listener_, Group()).From(none)), "GROUPS_NOTED");
  EXPECT_EQ(ReasonOf(sender_, To(Group())), "TO_GROUP");
  EXPECT_EQ(ReasonOf(sender_, To(Group()).From(none)), "SPOOFED_SOURCE");
}

TEST_P(Ipv6Multicast, OfNeighbourDiscoveryFillsNoRoom) {
  for (int i = 0; i < 2 * FL_GROUPS_PER_POD; ++i) {
    Join(other_, Ip(Family::kIpv6, "", fmt::format("ff02::1:ff00:{:x}", i)));
  }
  Join(other_, Group());
}

TEST_P(Ipv6Multicast, OfTheInterfaceStaysInside) {
  const IpAddress group = Ip(Family::kIpv6, "", "ff01::fb");
  Join(listener_, group);
  EXPECT_EQ(ReasonOf(sender_, To(group)), "LINK_SCOPE");
}

INSTANTIATE_TEST_SUITE_P(Ipv6, Ipv6Multicast, ::testing::Values(Family::kIpv6), FamilyOfTest);

class Ipv4Multicast : public Multicast {};

TEST_P(Ipv4Multicast, QueriesAreNobodysBusiness) {
  const Packet query = WithProtocol(2, sender_.address, Ip(Family::kIpv4, "224.0.0.1", ""))
                           .HopLimit(1)
                           .Payload(std::string_view("\x11\x64\0\0\0\0\0\0", 8));
  EXPECT_EQ(ReasonOf(sender_, query), "LINK_SCOPE");
}

INSTANTIATE_TEST_SUITE_P(Ipv4, Ipv4Multicast, ::testing::Values(Family::kIpv4), FamilyOfTest);

}  // namespace
}  // namespace fairlead::testing
