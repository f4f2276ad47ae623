// SPDX-License-Identifier: Apache-2.0
//
// Promise: what is planned from the host's addresses changes when they do, not with the number
// of devices that have them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loader/daemon/uplinks.h"
#include "loader/netlink/addresses.h"
#include "loader/netlink/links.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

const Cidr kHost[] = {*Cidr::Parse("172.31.0.11/32"), *Cidr::Parse("fd00:31::11/128")};
const Cidr kGateway[] = {*Cidr::Parse("10.22.0.1/32"), *Cidr::Parse("fd00:22::1/128")};

class AddressesOfTheHost : public ::testing::Test {
 protected:
  void AddDevice(uint32_t index, const Cidr (&addresses)[2]) {
    MustOk(CreateVeth(host_, {.host_name = "veth" + std::to_string(index),
                              .host_index = index,
                              .host_mac = {2, 0, 0, 0, 1, static_cast<uint8_t>(index)},
                              .peer_name = "eth" + std::to_string(index),
                              .peer_mac = {2, 0, 0, 0, 2, static_cast<uint8_t>(index)},
                              .peer_netns_fd = pods_.get()}));
    MustOk(SetLinkUp(host_, index));
    for (const Cidr& address : addresses) {
      MustOk(AddAddress(host_, index, address.address(), address.prefix_length()));
    }
  }
  std::vector<IpAddress> Look() { return Must(LookAtHost(host_, {.has_guests = true})).addresses; }

  ScratchNetns node_;
  UniqueFd pods_ = Must(MakeNetns());
  NetlinkSocket host_ = Must(NetlinkSocket::Open());
};

// As the ptp plugin gives the gateway's address to the host's end of each pod.
TEST_F(AddressesOfTheHost, AreTheSameWithOneMoreDeviceThatHasThem) {
  AddDevice(7, kHost);
  AddDevice(8, kGateway);
  const std::vector<IpAddress> before = Look();
  EXPECT_EQ(before, (std::vector<IpAddress>{kGateway[0].address(), kHost[0].address(),
                                            kGateway[1].address(), kHost[1].address()}));
  AddDevice(9, kGateway);
  EXPECT_EQ(Look(), before);
}

}  // namespace
}  // namespace fairlead::testing
