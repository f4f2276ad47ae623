// SPDX-License-Identifier: Apache-2.0
//
// Pods of a real (scratch) node: what an attachment consists of, that a failed
// one leaves nothing, and what a restart finds.
#include "loader/pods/pod_attacher.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/durable_file.h"
#include "loader/netlink/addresses.h"
#include "loader/netlink/links.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/routes.h"
#include "loader/netlink/scratch_netns.h"
#include "loader/netlink/sysctls.h"
#include "loader/pods/recording_dataplane.h"
#include "maps/abi/limits_abi.h"

namespace fairlead::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PodRequest Named(const std::string& name) {
  return {.container_id = "container-" + name,
          .interface_name = "eth0",
          .name_space = "shop",
          .name = name,
          .uid = "uid-" + name};
}

class Node : public ::testing::Test {
 protected:
  Node() { Start(); }

  // What a new daemon does, with the kernel and the disk as they are.
  RestoreReport Start() {
    attacher_.reset();
    attacher_ = Must(PodAttacher::Create(directory_.path(), dataplane_));
    RestoreReport report = Must(attacher_->Restore());
    MustOk(attacher_->SetNode(blocks_, 1450));
    return report;
  }

  LocalPod Attach(const std::string& name, const UniqueFd& netns) {
    return Must(attacher_->Add(Named(name), netns.get()));
  }
  absl::Status Detach(const LocalPod& pod) {
    return attacher_->Remove(pod.container_id, pod.interface_name);
  }

  std::vector<std::string> PodDevices() {
    std::vector<std::string> names;
    for (const Link& link : Must(ListLinks(host_))) {
      if (link.kind == "veth") names.push_back(link.name);
    }
    return names;
  }
  size_t OwnRoutes() { return Must(ListRoutes(host_, {.protocol = kRouteProtocol})).size(); }

  ScratchNetns node_;
  ScratchDirectory directory_;
  NetlinkSocket host_ = Must(NetlinkSocket::Open());
  RecordingDataplane dataplane_;
  std::vector<Cidr> blocks_ = {Must(Cidr::Parse("10.1.0.0/24")), Must(Cidr::Parse("fd00:1::/64"))};
  std::unique_ptr<PodAttacher> attacher_;
  UniqueFd netns_ = Must(MakeNetns());
};

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

TEST_F(Node, HostEndHasTheChosenIndexNameAndTheGatewaysMac) {
  const LocalPod pod = Attach("web", netns_);
  EXPECT_EQ(pod.ifindex, FL_POD_IFINDEX_BASE + pod.slot);
  const std::optional<Link> link = Must(FindLink(host_, pod.ifindex));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->name, pod.host_device);
  EXPECT_EQ(link->mac, GatewayMac());
  EXPECT_EQ(link->mtu, 1450u);
  EXPECT_TRUE(link->has_carrier());
  EXPECT_EQ(Must(ReadSysctl(DeviceSysctl(Family::kIpv4, pod.host_device, "rp_filter"))), "0");
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
  EXPECT_THAT(Must(Must(PodStore::Open(directory_.path())).Load()).pods, IsEmpty());
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

TEST_F(Node, FreedSlotAndAddressAreReusedLastEvenAfterARestart) {
  const LocalPod first = Attach("a", netns_);
  ASSERT_TRUE(Detach(first).ok());
  Start();
  const LocalPod second = Attach("b", netns_);
  EXPECT_NE(second.slot, first.slot);
  EXPECT_NE(second.ip4, first.ip4);
  EXPECT_NE(second.ip6, first.ip6);
}

TEST_F(Node, RestartKeepsPodsAndTheirAddresses) {
  const LocalPod pod = Attach("web", netns_);
  const RestoreReport report = Start();
  EXPECT_THAT(report.kept, ElementsAre(pod));
  EXPECT_THAT(report.released, IsEmpty());
  const UniqueFd other = Must(MakeNetns());
  EXPECT_NE(Attach("other", other).ip4, pod.ip4);
  EXPECT_TRUE(Detach(pod).ok());
}

TEST_F(Node, RestartReleasesPodsWhoseDeviceIsGone) {
  const LocalPod pod = Attach("web", netns_);
  MustOk(DeleteLink(host_, pod.ifindex));
  const RestoreReport report = Start();
  EXPECT_THAT(report.kept, IsEmpty());
  EXPECT_THAT(report.released, ElementsAre(pod));
  EXPECT_TRUE(attacher_->Add(Named("web"), netns_.get()).ok());
}

TEST_F(Node, RestartRemovesWhatAKilledAddHasLeftHalfDone) {
  const LocalPod pod = Attach("web", netns_);
  MustOk(SetLinkAlias(host_, pod.ifindex, ""));  // as if killed before the last step
  const RestoreReport report = Start();
  EXPECT_THAT(report.released, ElementsAre(pod));
  EXPECT_THAT(PodDevices(), IsEmpty());
}

TEST_F(Node, LostStateFileCostsNoPodItsDeviceAndNoAddressIsGivenOutTwice) {
  const LocalPod pod = Attach("web", netns_);
  ASSERT_EQ(::unlink((directory_.path() + "/pods.json").c_str()), 0);
  const RestoreReport report = Start();
  EXPECT_THAT(report.unknown_devices, ElementsAre(pod.host_device));
  const UniqueFd other = Must(MakeNetns());
  const LocalPod next = Attach("other", other);
  EXPECT_NE(next.slot, pod.slot);
  EXPECT_NE(next.ip4, pod.ip4);
  EXPECT_NE(next.ip6, pod.ip6);
}

TEST_F(Node, DamagedStateFileStopsTheDaemon) {
  MustOk(WriteFileDurably(directory_.path() + "/pods.json", "{"));
  EXPECT_TRUE(absl::IsDataLoss(PodAttacher::Create(directory_.path(), dataplane_).status()));
}

TEST_F(Node, CleanupRemovesPodsAndUnknownDevices) {
  Attach("web", netns_);
  ASSERT_EQ(::unlink((directory_.path() + "/pods.json").c_str()), 0);
  Start();
  const UniqueFd other = Must(MakeNetns());
  Attach("other", other);
  EXPECT_TRUE(attacher_->RemoveAll().ok());
  EXPECT_THAT(PodDevices(), IsEmpty());
  EXPECT_THAT(attacher_->pods(), IsEmpty());
}

}  // namespace
}  // namespace fairlead::testing
