// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

TEST(IpAddress, TextComesBackAsItWent) {
  for (const char* text :
       {"0.0.0.0", "10.96.0.10", "255.255.255.255", "::", "fd00::1", "2001:db8::ff:fe00:1"}) {
    const auto address = IpAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "10.0.0.1 ", "fe80::1%eth0", "::g"}) {
    EXPECT_FALSE(IpAddress::Parse(text).ok()) << text;
  }
}

TEST(IpAddress, PlusCarriesOverByteBorders) {
  EXPECT_EQ(IpAddress::Parse("10.0.0.255")->Plus(1).ToString(), "10.0.1.0");
  EXPECT_EQ(IpAddress::Parse("fd00::ffff")->Plus(1).ToString(), "fd00::1:0");
  EXPECT_EQ(IpAddress::Parse("fd00::")->Plus(0x100000000ULL).ToString(), "fd00::1:0:0");
}

TEST(Cidr, MasksTheHostPartAndKnowsItsMembers) {
  const Cidr cidr = *Cidr::Parse("10.1.2.3/22");
  EXPECT_EQ(cidr.ToString(), "10.1.0.0/22");
  EXPECT_TRUE(cidr.Contains(*IpAddress::Parse("10.1.3.255")));
  EXPECT_FALSE(cidr.Contains(*IpAddress::Parse("10.1.4.0")));
  EXPECT_FALSE(cidr.Contains(*IpAddress::Parse("fd00::1")));
}

TEST(Cidr, RefusesBadPrefixLengths) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/x", "fd00::/129"}) {
    EXPECT_FALSE(Cidr::Parse(text).ok()) << text;
  }
}

TEST(Mac, TextComesBackAsItWent) {
  EXPECT_EQ(MacToString(*ParseMac("02:fa:17:1e:ad:01")), "02:fa:17:1e:ad:01");
  EXPECT_FALSE(ParseMac("02:fa:17:1e:ad").ok());
  EXPECT_FALSE(ParseMac("02:fa:17:1e:ad:0").ok());
}

}  // namespace
}  // namespace fairlead
