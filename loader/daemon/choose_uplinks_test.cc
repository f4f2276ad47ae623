// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/choose_uplinks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_addr.h>

#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Link Device(uint32_t index, const std::string& name, uint32_t master = 0,
            const std::string& kind = "") {
  Link link;
  link.index = index;
  link.name = name;
  link.kind = kind;
  link.mac = {2, 0, 0, 0, 0, static_cast<uint8_t>(index)};
  link.master_index = master;
  return link;
}

InterfaceAddress On(uint32_t index, const char* address, uint32_t flags = 0) {
  const IpAddress ip = *IpAddress::Parse(address);
  return {.link_index = index, .address = ip, .prefix_length = 24, .scope = 0, .flags = flags};
}

class Uplinks : public ::testing::Test {
 protected:
  Uplinks() {
    plan::OwnNode own;
    own.addresses.ip4 = *IpAddress::Parse("192.0.2.1");
    own_ = own;
    Link loopback = Device(1, "lo");
    loopback.flags = IFF_LOOPBACK;
    view_.links = {loopback, Device(2, "eth0"), Device(3, "eth1"), Device(4, "ens3")};
  }
  std::vector<std::string> Chosen(const std::vector<std::string>& devices = {}) {
    const ChosenUplinks chosen = ChooseUplinks(view_, devices, own_);
    problems_ = chosen.problems;
    std::vector<std::string> names;
    for (const Link* link : chosen.links) names.push_back(link->name);
    return names;
  }

  HostView view_;
  std::optional<plan::OwnNode> own_;
  std::vector<std::string> problems_;
};

TEST_F(Uplinks, HaveTheNodesAddressOrADefaultRouteAndTheNodesComeFirst) {
  view_.addresses = {On(2, "198.51.100.1"), On(4, "192.0.2.1")};
  view_.default_routes = {3};
  EXPECT_THAT(Chosen(), ElementsAre("ens3", "eth1"));
}

TEST_F(Uplinks, StayForAWhileWhenTheyHaveLostBoth) {
  EXPECT_THAT(Chosen(), IsEmpty());
  view_.recent = {3};
  EXPECT_THAT(Chosen(), ElementsAre("eth1"));
}

TEST_F(Uplinks, AreNeverLoopbackNorPodsNorOurOwnDevicesNorTunnelsWithoutEthernet) {
  view_.links.push_back(Device(FL_POD_IFINDEX_BASE + 7, "fl00007"));
  view_.links.push_back(Device(5, "fl_vxlan"));
  view_.links.push_back(Device(6, "wg0"));
  view_.links.back().mac = {};
  for (const Link& link : view_.links) view_.default_routes.insert(link.index);
  EXPECT_THAT(Chosen(), ElementsAre("eth0", "eth1", "ens3"));
  EXPECT_THAT(Chosen({"*"}), ElementsAre("eth0", "eth1", "ens3"));
}

TEST_F(Uplinks, AreTheMasterAndNotItsPorts) {
  view_.links.push_back(Device(9, "bond0", 0, "bond"));
  view_.links[1].master_index = view_.links[2].master_index = 9;
  view_.default_routes = {2, 9};
  EXPECT_THAT(Chosen(), ElementsAre("bond0"));
  EXPECT_THAT(Chosen({"eth+", "bond*"}), ElementsAre("bond0"));
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(Chosen({"eth0"}), IsEmpty());
  EXPECT_THAT(problems_, ElementsAre("--devices names eth0, a port of bond0: name that"));
}

TEST_F(Uplinks, MayBelongToAVrf) {
  view_.links.push_back(Device(9, "blue", 0, "vrf"));
  view_.links[1].master_index = 9;
  view_.default_routes = {2};
  EXPECT_THAT(Chosen(), ElementsAre("eth0"));
}

TEST_F(Uplinks, AreThoseThatAreNamedWhateverTheRoutesSay) {
  view_.default_routes = {2};
  EXPECT_THAT(Chosen({"eth1"}), ElementsAre("eth1"));
  EXPECT_THAT(Chosen({"eth+"}), ElementsAre("eth0", "eth1"));
  EXPECT_THAT(Chosen({"ens*", "eth0"}), ElementsAre("eth0", "ens3"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Uplinks, NamedButAbsentOrWithoutEthernetAreReported) {
  EXPECT_THAT(Chosen({"eth9", "lo", "wlan+"}), IsEmpty());
  EXPECT_THAT(problems_, ElementsAre("--devices names eth9, which this node does not have",
                                     "--devices names lo: no Ethernet",
                                     "--devices names wlan+, which this node does not have"));
}

TEST_F(Uplinks, MasqueradeWithTheNodesAddressOrTheFirstThatLasts) {
  view_.addresses = {On(2, "198.51.100.1"), On(2, "192.0.2.1"), On(3, "198.51.100.3"),
                     On(3, "198.51.100.4")};
  EXPECT_EQ(ChooseAddress(view_, 2, Family::kIpv4, own_), *IpAddress::Parse("192.0.2.1"));
  EXPECT_EQ(ChooseAddress(view_, 3, Family::kIpv4, own_), *IpAddress::Parse("198.51.100.3"));
  EXPECT_EQ(ChooseAddress(view_, 4, Family::kIpv4, own_), std::nullopt);
  view_.addresses = {On(2, "2001:db8::1", IFA_F_DEPRECATED), On(2, "2001:db8::2", IFA_F_TEMPORARY),
                     On(2, "2001:db8::3")};
  EXPECT_EQ(ChooseAddress(view_, 2, Family::kIpv6, own_), *IpAddress::Parse("2001:db8::3"));
}

TEST_F(Uplinks, BesideAnotherNetworkItsTunnelsLeadOutTooAndItsPodsAreGuests) {
  view_.addresses = {On(2, "192.0.2.1"), On(5, "10.244.1.0"), On(6, "10.244.1.1")};
  Link pod = Device(7, "veth1", 6, "veth"), neighbour = Device(8, "cali2", 0, "veth");
  pod.peer_netns_id = neighbour.peer_netns_id = 0;
  const Link pair = Device(9, "veth-of-the-host", 0, "veth");
  Link own_uplink = Device(2, "eth0", 0, "veth");  // the node is a container
  own_uplink.peer_netns_id = 1;
  view_.links = {own_uplink,
                 Device(5, "flannel.1", 0, "vxlan"),
                 Device(6, "cni0", 0, "bridge"),
                 pod,
                 neighbour,
                 pair};
  EXPECT_THAT(Chosen(), ElementsAre("eth0"));
  EXPECT_THAT(ChooseGuests(view_, ChooseUplinks(view_, {}, own_)), IsEmpty());
  view_.has_guests = true;
  EXPECT_THAT(Chosen(), ElementsAre("eth0", "flannel.1"));
  EXPECT_THAT(Chosen({"eth0"}), ElementsAre("eth0", "flannel.1"));
  std::vector<std::string> guests;
  for (const Link* guest : ChooseGuests(view_, ChooseUplinks(view_, {}, own_))) {
    guests.push_back(guest->name);
  }
  EXPECT_THAT(guests, ElementsAre("veth1", "cali2"));
}

}  // namespace
}  // namespace fairlead
