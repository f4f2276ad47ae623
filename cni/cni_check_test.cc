// SPDX-License-Identifier: Apache-2.0
//
// CHECK finds what somebody has done to a pod's network, says what, and is
// content with what a later plugin of the chain may change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cni/test_runtime.h"
#include "loader/netlink/addresses.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/routes.h"

namespace fairlead::testing {
namespace {

using ::testing::HasSubstr;

class Check : public Runtime {
 protected:
  Check() {
    const Outcome added = Call("ADD", "web", PathOf(netns_));
    if (added.exit_code != 0) std::abort();
    result_ = added.object();
    pod_ = dataplane_.pods().at(0);
    own_ = Must(FindLink(inside_, "eth0"))->index;
  }

  Outcome CallCheck() { return Call("CHECK", "web", PathOf(netns_), {{"prevResult", result_}}); }
  void ExpectFound(const std::string& what) {
    const Outcome outcome = CallCheck();
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.object().value("code", 0), 104) << outcome.text;
    EXPECT_THAT(outcome.object().value("details", ""), HasSubstr(what));
  }

  json result_;
  LocalPod pod_;
  NetlinkSocket host_ = Must(NetlinkSocket::Open());
  NetlinkSocket inside_ = Must(NetlinkSocket::OpenIn(netns_.get()));
  uint32_t own_ = 0;  // the pod's end
};

TEST_F(Check, IsSilentAfterAdd) {
  const Outcome outcome = CallCheck();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_EQ(outcome.text, "");
}

TEST_F(Check, FindsAMissingVethPair) {
  MustOk(DeleteLink(inside_, own_));
  ExpectFound("fl00000 of the veth pair is gone");
}

TEST_F(Check, FindsThatAnotherNamespaceIsThePods) {
  netns_ = Must(MakeNetns());
  ExpectFound("eth0, is not in its namespace");
}

TEST_F(Check, FindsALostAddressOfEitherFamily) {
  for (const IpAddress& address : {*pod_.ip4, *pod_.ip6}) {
    MustOk(DeleteAddress(inside_, own_, address, AddressBits(address.family())));
    ExpectFound("lost its address " + address.ToString());
    MustOk(AddAddress(inside_, own_, address, AddressBits(address.family())));
    // The IPv4 routes went with their source address.
    if (address.family() == Family::kIpv4) result_["routes"].erase(0);
  }
}

TEST_F(Check, FindsALostDefaultRoute) {
  for (const Route& route : Must(ListRoutes(inside_, {.family = Family::kIpv6}))) {
    if (route.destination.prefix_length() == 0) MustOk(DeleteRoute(inside_, route));
  }
  ExpectFound("IPv6 default route by fe80::1");
}

TEST_F(Check, AllowsALaterPluginToHaveReplacedTheRouteOrMadeTheMtuSmaller) {
  for (const Route& route : Must(ListRoutes(inside_, {.family = Family::kIpv6}))) {
    if (route.destination.prefix_length() == 0) MustOk(DeleteRoute(inside_, route));
  }
  result_["routes"].erase(1);
  MustOk(SetLinkMtu(inside_, own_, 1400));
  EXPECT_EQ(CallCheck().exit_code, 0);
}

TEST_F(Check, FindsAnMtuThatTheWireDoesNotCarry) {
  MustOk(SetLinkMtu(inside_, own_, 9000));
  ExpectFound("9000, more than its host end's 1450");
}

TEST_F(Check, FindsAnotherMac) {
  MustOk(SetLinkMac(inside_, own_, {2, 0, 0, 0, 0, 99}));
  ExpectFound("02:00:00:00:00:63");
}

TEST_F(Check, FindsALostRouteOrNeighbourOfTheNode) {
  MustOk(DeleteNeighbour(host_, pod_.ifindex, *pod_.ip4));
  ExpectFound("neighbour entry of " + pod_.ip4->ToString());
  MustOk(
      DeleteRoute(host_, {.destination = Cidr::Make(*pod_.ip4, 32), .link_index = pod_.ifindex}));
  ExpectFound("route to " + pod_.ip4->ToString());
}

TEST_F(Check, FindsAnAddressThatIsReservedForAnotherPod) {
  result_["ips"][0]["address"] = "10.1.0.99/32";
  ExpectFound("10.1.0.99");
}

TEST_F(Check, FindsThatTheTablesDoNotKnowThePod) {
  MustOk(dataplane_.RemovePod(pod_));
  ExpectFound("tables do not know");
}

}  // namespace
}  // namespace fairlead::testing
