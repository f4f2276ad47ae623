// SPDX-License-Identifier: Apache-2.0
//
// What an attachment consists of, in both namespaces, and that a failed one
// leaves nothing.
#include "loader/pods/pod_attacher.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <set>
#include <string>

#include "loader/netlink/addresses.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/sysctls.h"
#include "loader/pods/test_node.h"
#include "maps/abi/limits_abi.h"

namespace fairlead::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(Node, PodHasAddressesGatewaysAndMtuInItsNamespace) {
  const LocalPod pod = Attach("web", netns_);
  NetlinkSocket inside = Must(NetlinkSocket::OpenIn(netns_.get()));
  const std::optional<Link> eth0 = Must(FindLink(inside, "eth0"));
  ASSERT_TRUE(eth0.has_value());
  EXPECT_TRUE(eth0->is_up());
  EXPECT_EQ(eth0->mac, pod.mac);
  EXPECT_EQ(eth0->mtu, 1450u);
  EXPECT_TRUE(Must(FindLink(inside, "lo"))->is_up());

  std::set<IpAddress> global;
  for (const InterfaceAddress& address : Must(ListAddresses(inside))) {
    if (address.link_index == eth0->index && address.scope == 0) global.insert(address.address);
  }
  EXPECT_THAT(global, ElementsAre(*pod.ip4, *pod.ip6));

  std::set<std::string> gateways;
  for (const Route& route : Must(ListRoutes(inside, {}))) {
    if (route.destination.prefix_length() == 0) gateways.insert(route.gateway->ToString());
  }
  EXPECT_THAT(gateways, ElementsAre("169.254.1.1", "fe80::1"));
}

// A process in a pod's namespace: what makes the namespace visible in /proc.
class Resident {
 public:
  explicit Resident(int netns_fd) : pid_(::fork()) {
    if (pid_ == 0) {
      if (::setns(netns_fd, CLONE_NEWNET) == 0) ::raise(SIGSTOP);
      ::_exit(0);
    }
    // It stops once it is there.
    if (pid_ < 0 || ::waitpid(pid_, nullptr, WUNTRACED) != pid_) std::abort();
  }
  ~Resident() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;

 private:
  pid_t pid_;
};

TEST_F(Node, BothEndsTheTablesAndTheDiskFollowTheMtu) {
  const LocalPod pod = Attach("web", netns_);
  const Resident resident(netns_.get());
  NetlinkSocket inside = Must(NetlinkSocket::OpenIn(netns_.get()));
  for (const uint32_t mtu : {1400u, 9000u, 1420u}) {
    MustOk(attacher_->SetNode(blocks_, mtu));
    EXPECT_THAT(Must(attacher_->FollowMtu()), IsEmpty());
    EXPECT_EQ(Must(FindLink(host_, pod.ifindex))->mtu, mtu);
    EXPECT_EQ(Must(FindLink(inside, "eth0"))->mtu, mtu);
    EXPECT_EQ(dataplane_.pods().at(pod.slot).mtu, mtu);
    EXPECT_EQ(Start().kept.front().mtu, mtu);
  }
}

TEST_F(Node, APodOutOfSightIsNamedAndItsHostEndFollows) {
  const LocalPod pod = Attach("web", netns_);  // no process, no mount
  MustOk(attacher_->SetNode(blocks_, 1400));
  EXPECT_THAT(Must(attacher_->FollowMtu()), ElementsAre("shop/web"));
  EXPECT_EQ(Must(FindLink(host_, pod.ifindex))->mtu, 1400u);
  EXPECT_EQ(dataplane_.pods().at(pod.slot).mtu, 1400u);
  const Resident resident(netns_.get());
  EXPECT_THAT(Must(attacher_->FollowMtu()), IsEmpty());
  NetlinkSocket inside = Must(NetlinkSocket::OpenIn(netns_.get()));
  EXPECT_EQ(Must(FindLink(inside, "eth0"))->mtu, 1400u);
}

TEST_F(Node, HostEndHasTheChosenIndexNameAndTheGatewaysMac) {
  const LocalPod pod = Attach("web", netns_);
  EXPECT_EQ(pod.ifindex, FL_POD_IFINDEX_BASE + pod.slot);
  const std::optional<Link> link = Must(FindLink(host_, pod.ifindex));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->name, pod.host_device);
  EXPECT_EQ(link->mac, GatewayMac());
  EXPECT_EQ(link->mtu, 1450u);
  EXPECT_TRUE(link->has_carrier());
  EXPECT_EQ(Must(ReadSysctl(DeviceSysctl(Family::kIpv4, pod.host_device, "rp_filter"))), "2");
  EXPECT_EQ(Must(ReadSysctl(DeviceSysctl(Family::kIpv6, pod.host_device, "accept_ra"))), "0");
  for (const InterfaceAddress& address : Must(ListAddresses(host_))) {
    EXPECT_NE(address.link_index, pod.ifindex) << address.address;
  }
}

TEST_F(Node, HostReachesThePodByRouteAndPermanentNeighbour) {
  const LocalPod pod = Attach("web", netns_);
  EXPECT_EQ(OwnRoutes(), 2u);
  size_t permanent = 0;
  for (const Neighbour& neighbour : Must(ListNeighbours(host_))) {
    permanent += neighbour.link_index == pod.ifindex && neighbour.mac == pod.mac;
  }
  EXPECT_EQ(permanent, 2u);
}

TEST_F(Node, DatagramOfTheHostArrivesInThePodInBothFamilies) {
  const LocalPod pod = Attach("web", netns_);
  MustOk(SetLinkUp(host_, 1));
  for (const char* own : {"192.0.2.1", "fd00:9::1"}) {
    const IpAddress address = Must(IpAddress::Parse(own));
    MustOk(AddAddress(host_, 1, address, AddressBits(address.family())));
  }
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(5300);
  UniqueFd listener;
  MustOk(RunInNetns(netns_.get(), [&listener, &any] {
    listener = UniqueFd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const void* raw = &any;
    const bool bound = ::bind(listener.get(), static_cast<const sockaddr*>(raw), sizeof(any)) == 0;
    return bound ? absl::OkStatus() : absl::InternalError("bind");
  }));
  for (const std::string& target : {"::ffff:" + pod.ip4->ToString(), pod.ip6->ToString()}) {
    sockaddr_in6 to = any;
    ASSERT_EQ(::inet_pton(AF_INET6, target.c_str(), &to.sin6_addr), 1);
    const UniqueFd sender(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const void* raw = &to;
    ASSERT_EQ(::sendto(sender.get(), "hello", 5, 0, static_cast<const sockaddr*>(raw), sizeof(to)),
              5);
    pollfd wait{.fd = listener.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&wait, 1, 10000), 1) << target;
    char text[8];
    EXPECT_EQ(::recv(listener.get(), text, sizeof(text), 0), 5) << target;
  }
}

TEST_F(Node, NamespaceWithIpv6SwitchedOffGetsItsIpv6Address) {
  MustOk(RunInNetns(netns_.get(), [] {
    absl::Status off = WriteSysctl("net.ipv6.conf.all.disable_ipv6", "1");
    off.Update(WriteSysctl("net.ipv6.conf.default.disable_ipv6", "1"));
    return off;
  }));
  EXPECT_TRUE(attacher_->Add(Named("web"), netns_.get()).ok());
}

TEST_F(Node, SingleFamilyNodeGivesItsPodsOneAddress) {
  for (const Cidr& block : blocks_) {
    MustOk(attacher_->SetNode({block}, 1450));
    const UniqueFd netns = Must(MakeNetns());
    const LocalPod pod = Attach("web", netns);
    EXPECT_EQ(pod.ip4.has_value(), block.family() == Family::kIpv4);
    EXPECT_EQ(pod.ip6.has_value(), block.family() == Family::kIpv6);
    MustOk(Detach(pod));
  }
}

TEST_F(Node, DataplaneIsToldOfTheWholePod) {
  const LocalPod pod = Attach("web", netns_);
  EXPECT_EQ(dataplane_.pods().at(pod.slot), pod);
  ASSERT_TRUE(Detach(pod).ok());
  EXPECT_THAT(dataplane_.pods(), IsEmpty());
}

TEST_F(Node, DetachingTwiceOrWithoutNamespaceIsFineAndLeavesNothing) {
  const LocalPod pod = Attach("web", netns_);
  netns_.Reset();  // the kernel may or may not have removed the pair by now
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Detach(pod).ok());
  EXPECT_THAT(PodDevices(), IsEmpty());
  EXPECT_EQ(OwnRoutes(), 0u);
  EXPECT_THAT(attacher_->pods(), IsEmpty());
}

TEST_F(Node, SecondAddOfAnAttachmentFailsAndDoesNotHarmTheFirst) {
  const LocalPod pod = Attach("web", netns_);
  const UniqueFd other = Must(MakeNetns());
  EXPECT_TRUE(absl::IsAlreadyExists(attacher_->Add(Named("web"), other.get()).status()));
  EXPECT_THAT(PodDevices(), ElementsAre(pod.host_device));
  EXPECT_THAT(attacher_->pods(), ElementsAre(pod));
}

TEST_F(Node, AddThatFailsInTheDataplaneLeavesNothingBehind) {
  dataplane_.fail_add = true;
  const absl::Status status = attacher_->Add(Named("web"), netns_.get()).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("told to fail"));
  EXPECT_THAT(PodDevices(), IsEmpty());
  EXPECT_EQ(OwnRoutes(), 0u);
  EXPECT_THAT(attacher_->pods(), IsEmpty());
  EXPECT_THAT(Must(Must(PodStore::Open(directory_.path(), "")).Load()).pods, IsEmpty());
  dataplane_.fail_add = false;
  EXPECT_TRUE(attacher_->Add(Named("web"), netns_.get()).ok());
}

TEST_F(Node, AddIntoANamespaceThatHasTheInterfaceLeavesBothAsTheyWere) {
  const LocalPod pod = Attach("web", netns_);
  const absl::Status status = attacher_->Add(Named("other"), netns_.get()).status();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(PodDevices(), ElementsAre(pod.host_device));
  EXPECT_THAT(attacher_->pods(), ElementsAre(pod));
}

TEST_F(Node, DetachThatFailsKeepsTheAddressFromBeingGivenOut) {
  const LocalPod pod = Attach("web", netns_);
  dataplane_.fail_remove = true;
  EXPECT_FALSE(Detach(pod).ok());
  EXPECT_THAT(attacher_->pods(), ElementsAre(pod));
  dataplane_.fail_remove = false;
  EXPECT_TRUE(Detach(pod).ok());
}

TEST_F(Node, WithoutAPodBlockNothingIsAttached) {
  MustOk(attacher_->SetNode({}, 1450));
  EXPECT_TRUE(absl::IsFailedPrecondition(attacher_->CheckReady()));
  EXPECT_TRUE(absl::IsFailedPrecondition(attacher_->Add(Named("web"), netns_.get()).status()));
}

TEST_F(Node, MtuBelowTheLeastOfIpv6IsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(attacher_->SetNode(blocks_, 1279)));
  EXPECT_TRUE(attacher_->SetNode({blocks_[0]}, 1279).ok());
}

TEST_F(Node, ExhaustedBlockIsAClearErrorAndWorksAgainAfterADetach) {
  MustOk(attacher_->SetNode({Must(Cidr::Parse("10.1.0.0/30"))}, 1450));
  const UniqueFd second = Must(MakeNetns());
  const UniqueFd third = Must(MakeNetns());
  const LocalPod pod = Attach("a", netns_);
  Attach("b", second);
  const absl::Status status = attacher_->Add(Named("c"), third.get()).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("10.1.0.0/30"));
  ASSERT_TRUE(Detach(pod).ok());
  EXPECT_EQ(Attach("c", third).ip4, pod.ip4);
}

}  // namespace
}  // namespace fairlead::testing
