// SPDX-License-Identifier: Apache-2.0
//
// Addresses and slots: none twice, none that is not a pod's, none again soon.
#include "loader/pods/ipam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loader/netlink/scratch_netns.h"
#include "loader/pods/number_pool.h"

namespace fairlead::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

IpAddress Ip(const char* text) { return Must(IpAddress::Parse(text)); }
Cidr Block(const char* text) { return Must(Cidr::Parse(text)); }

TEST(NumberPool, UnusedNumbersComeFirstThenTheOneFreedLongestAgo) {
  NumberPool pool(10, 3);
  EXPECT_EQ(pool.Take(), 10u);
  EXPECT_EQ(pool.Take(), 11u);
  pool.Release(11);
  pool.Release(10);
  EXPECT_EQ(pool.Take(), 12u);
  EXPECT_EQ(pool.Take(), 11u);
  EXPECT_EQ(pool.Take(), 10u);
  EXPECT_EQ(pool.Take(), std::nullopt);
}

TEST(NumberPool, ReservedNumberIsNotGivenOut) {
  NumberPool pool(0, 3);
  EXPECT_TRUE(pool.Reserve(0));
  EXPECT_FALSE(pool.Reserve(0));
  EXPECT_FALSE(pool.Reserve(3));
  EXPECT_EQ(pool.Take(), 1u);
}

TEST(NumberPool, ReleasingWhatIsNotInUseChangesNothing) {
  NumberPool pool(0, 1);
  pool.Release(0);
  pool.Release(7);
  EXPECT_EQ(pool.Take(), 0u);
  EXPECT_EQ(pool.Take(), std::nullopt);
}

TEST(NumberPool, RememberedNumbersComeBackLastAndInTheirOrder) {
  NumberPool pool(0, 4);
  pool.Reserve(1);
  pool.RememberFreed({2, 1, 99, 0, 2});
  EXPECT_THAT(pool.freed(), ElementsAre(2, 0));
  EXPECT_EQ(pool.Take(), 3u);
  EXPECT_EQ(pool.Take(), 2u);
  EXPECT_EQ(pool.Take(), 0u);
}

TEST(NumberPool, FreedNumberThatIsReservedIsNotGivenOutAgain) {
  NumberPool pool(0, 2);
  pool.Take();
  pool.Release(0);
  EXPECT_TRUE(pool.Reserve(0));
  EXPECT_EQ(pool.Take(), 1u);
  EXPECT_EQ(pool.Take(), std::nullopt);
}

TEST(AddressPool, BaseAddressAndLastAddressAreNeverGivenOut) {
  for (const char* block : {"10.1.0.0/24", "fd00:1::/120"}) {
    AddressPool pool = Must(AddressPool::Make(Block(block)));
    std::set<IpAddress> given;
    for (int i = 0; i < 254; ++i) given.insert(Must(pool.Take()));
    EXPECT_EQ(given.size(), 254u) << block;
    EXPECT_EQ(*given.begin(), Block(block).address().Plus(1));
    EXPECT_EQ(*given.rbegin(), Block(block).address().Plus(254));
  }
}

TEST(AddressPool, ExhaustionNamesTheBlock) {
  AddressPool pool = Must(AddressPool::Make(Block("10.1.0.0/30")));
  MustOk(pool.Take().status());
  MustOk(pool.Take().status());
  const absl::Status status = pool.Take().status();
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("10.1.0.0/30 is in use, 2 of 2"));
}

TEST(AddressPool, BlockWithoutAnAddressForAPodIsRefused) {
  for (const char* block : {"10.1.0.0/31", "10.1.0.0/32", "fd00::/127", "fd00::/128"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(AddressPool::Make(Block(block)).status())) << block;
  }
}

TEST(AddressPool, HugeIpv6BlocksWork) {
  for (const char* block : {"fd00:1::/64", "fd00::/16", "fd00:1::/80"}) {
    AddressPool pool = Must(AddressPool::Make(Block(block)));
    EXPECT_EQ(Must(pool.Take()), Block(block).address().Plus(1));
    EXPECT_TRUE(pool.Reserve(Block(block).address().Plus(2)));
    EXPECT_EQ(Must(pool.Take()), Block(block).address().Plus(3));
    EXPECT_FALSE(pool.Reserve(Ip("fe00::1")));
  }
}

TEST(AddressPool, FreedAddressesSurviveInANewPool) {
  AddressPool pool = Must(AddressPool::Make(Block("10.1.0.0/29")));
  const IpAddress first = Must(pool.Take());
  const IpAddress second = Must(pool.Take());
  pool.Release(second);
  pool.Release(first);
  AddressPool restarted = Must(AddressPool::Make(Block("10.1.0.0/29")));
  restarted.RememberFreed(pool.Freed());
  EXPECT_EQ(Must(restarted.Take()), Ip("10.1.0.3"));
  for (int i = 0; i < 3; ++i) MustOk(restarted.Take().status());
  EXPECT_EQ(Must(restarted.Take()), second);
  EXPECT_EQ(Must(restarted.Take()), first);
}

TEST(Ipam, PodGetsOneAddressOfEachFamily) {
  Ipam ipam = Must(Ipam::Make({Block("10.1.0.0/24"), Block("fd00:1::/64")}));
  const PodAddresses addresses = Must(ipam.Take());
  EXPECT_EQ(addresses.ip4, Ip("10.1.0.1"));
  EXPECT_EQ(addresses.ip6, Ip("fd00:1::1"));
}

TEST(Ipam, SingleFamilyNodeGivesOnlyThatFamily) {
  Ipam ipam = Must(Ipam::Make({Block("fd00:1::/64")}));
  const PodAddresses addresses = Must(ipam.Take());
  EXPECT_EQ(addresses.ip4, std::nullopt);
  EXPECT_TRUE(addresses.ip6.has_value());
}

TEST(Ipam, ExhaustedFamilyTakesNothingOfTheOther) {
  Ipam ipam = Must(Ipam::Make({Block("10.1.0.0/29"), Block("fd00:1::/126")}));
  MustOk(ipam.Take().status());
  MustOk(ipam.Take().status());
  EXPECT_TRUE(absl::IsResourceExhausted(ipam.Take().status()));
  EXPECT_THAT(ipam.Freed(), ElementsAre(Ip("10.1.0.3")));
}

TEST(Ipam, AddressThatIsAskedForIsGivenIfItIsFreeAndAPods) {
  Ipam ipam = Must(Ipam::Make({Block("10.1.0.0/29"), Block("fd00:1::/64")}));
  EXPECT_EQ(Must(ipam.Take({.ip4 = Ip("10.1.0.1")})).ip4, Ip("10.1.0.1"));
  EXPECT_EQ(Must(ipam.Take({.ip6 = Ip("fd00:1::7")})).ip6, Ip("fd00:1::7"));
  EXPECT_TRUE(absl::IsAborted(ipam.Take({.ip4 = Ip("10.1.0.1")}).status()));
  for (const char* other : {"10.2.0.1", "10.1.0.0", "10.1.0.7"}) {
    EXPECT_TRUE(absl::IsOutOfRange(ipam.Take({.ip4 = Ip(other)}).status())) << other;
  }
  EXPECT_TRUE(absl::IsOutOfRange(ipam.Take({.ip6 = Ip("fd00:1::")}).status()));
  EXPECT_NE(Must(ipam.Take()).ip4, Ip("10.1.0.1"));
}

TEST(Ipam, AddressOfAFamilyThatTheNodeDoesNotHaveIsRefused) {
  Ipam ipam = Must(Ipam::Make({Block("10.1.0.0/29")}));
  EXPECT_TRUE(absl::IsOutOfRange(ipam.Take({.ip6 = Ip("fd00:1::7")}).status()));
}

TEST(Ipam, RefusedWishTakesNothingOfTheOtherFamily) {
  Ipam ipam = Must(Ipam::Make({Block("10.1.0.0/29"), Block("fd00:1::/64")}));
  EXPECT_FALSE(ipam.Take({.ip4 = Ip("10.1.0.3"), .ip6 = Ip("fe00::1")}).ok());
  EXPECT_EQ(Must(ipam.Take({.ip4 = Ip("10.1.0.3")})).ip4, Ip("10.1.0.3"));
}

TEST(Ipam, SecondBlockOfAFamilyIsRefused) {
  EXPECT_TRUE(
      absl::IsInvalidArgument(Ipam::Make({Block("10.1.0.0/24"), Block("10.2.0.0/24")}).status()));
}

}  // namespace
}  // namespace fairlead::testing
