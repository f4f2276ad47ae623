// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/masquerade_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::plan {
namespace {

using ::testing::ElementsAre;

constexpr PortRange kEphemeral{32768, 60999};
constexpr PortRange kNodePorts{30000, 32767};

TEST(MasqueradePorts, A7_35_are_below_the_node_ports_of_an_ordinary_host) {
  EXPECT_EQ(*ChooseMasqueradePorts({kEphemeral, kNodePorts}), (PortRange{10000, 29999}));
}

TEST(MasqueradePorts, A7_35_are_above_an_ephemeral_range_that_begins_low) {
  EXPECT_EQ(*ChooseMasqueradePorts({{9000, 50000}, kNodePorts}), (PortRange{50001, 65535}));
}

TEST(MasqueradePorts, AvoidWhatIsReserved) {
  EXPECT_EQ(*ChooseMasqueradePorts({kEphemeral, kNodePorts, {20001, 20001}, {12000, 12009}}),
            (PortRange{20002, 29999}));
}

TEST(MasqueradePorts, ComeFromWellKnownOnesOnlyIfFewOthersAreLeft) {
  EXPECT_EQ(*ChooseMasqueradePorts({{12000, 65535}}), (PortRange{1024, 11999}));
  EXPECT_EQ(*ChooseMasqueradePorts({{1024, 65000}}), (PortRange{65001, 65535}));
}

TEST(MasqueradePorts, MayNotBeThereAtAll) {
  EXPECT_TRUE(absl::IsResourceExhausted(ChooseMasqueradePorts({{1024, 65535}}).status()));
}

TEST(PortRanges, AreRead) {
  EXPECT_EQ(*ParsePortRange("1-65535"), (PortRange{1, 65535}));
  EXPECT_EQ(ParsePortRange("7-7")->size(), 1u);
  for (const char* bad : {"", "1", "2-1", "0-5", "1-65536", "a-b", "1-", "-1", "1-2-3", " 1-2"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParsePortRange(bad).status())) << bad;
  }
}

TEST(PortLists, AreReadAsTheKernelWritesThem) {
  EXPECT_THAT(*ParsePortList("8080,9000-9010"),
              ElementsAre(PortRange{8080, 8080}, PortRange{9000, 9010}));
  EXPECT_TRUE(ParsePortList("")->empty());
  EXPECT_TRUE(absl::IsInvalidArgument(ParsePortList("80,x").status()));
}

}  // namespace
}  // namespace fairlead::plan
