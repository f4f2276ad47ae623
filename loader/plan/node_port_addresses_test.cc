// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/node_port_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

std::vector<std::string> Resolve(const std::vector<std::string>& wanted) {
  const NodeAddresses own{.ip4 = Ip("172.31.0.11"), .ip6 = Ip("fd00:31::11")};
  const std::vector<IpAddress> present = {Ip("172.31.0.11"), Ip("192.168.7.1"), Ip("fd00:31::11"),
                                          Ip("fd00:7::1")};
  std::vector<std::string> texts;
  for (const IpAddress& address : ResolveNodePortAddresses(wanted, own, present)) {
    texts.push_back(address.ToString());
  }
  return texts;
}

TEST(NodePortAddresses, PrimaryIsTheNodesOwnOfEachFamily) {
  EXPECT_THAT(Resolve({"primary"}), ElementsAre("172.31.0.11", "fd00:31::11"));
  EXPECT_THAT(ResolveNodePortAddresses({"primary"}, {}, {Ip("172.31.0.11")}), IsEmpty());
}

TEST(NodePortAddresses, WordsAndBlocksAreMixed) {
  EXPECT_THAT(Resolve({"localhost", "192.168.0.0/16", "primary"}),
              ElementsAre("127.0.0.1", "172.31.0.11", "192.168.7.1", "::1", "fd00:31::11"));
  EXPECT_THAT(Resolve({"10.0.0.0/8", "fd00:10::/64"}), IsEmpty());
  EXPECT_THAT(Resolve({"127.0.0.0/8", "::1/128"}), ElementsAre("127.0.0.1", "::1"));
}

// As kube-proxy's NewNodePortAddresses has it.
TEST(NodePortAddresses, AFamilyOfWhichNothingIsSaidHasEveryAddress) {
  EXPECT_THAT(Resolve({"192.168.0.0/16"}), ElementsAre("192.168.7.1", "::"));
  EXPECT_THAT(Resolve({"10.0.0.0/8"}), ElementsAre("::"));
  EXPECT_THAT(Resolve({"fd00:7::/64"}), ElementsAre("0.0.0.0", "fd00:7::1"));
  EXPECT_THAT(Resolve({"192.168.0.0/16", "localhost"}),
              ElementsAre("127.0.0.1", "192.168.7.1", "::1"));
}

TEST(NodePortAddresses, AllAndBlocksOfAWholeFamilyAreEveryAddress) {
  EXPECT_THAT(Resolve({"primary", "all", "localhost"}), ElementsAre("0.0.0.0", "::"));
  EXPECT_THAT(Resolve({"0.0.0.0/0", "fd00:7::/64"}), ElementsAre("0.0.0.0", "fd00:7::1"));
}

TEST(NodePortAddresses, AnythingElseIsNamed) {
  EXPECT_TRUE(CheckNodePortAddresses({"primary", "localhost", "all", "10.0.0.0/8"}).ok());
  const absl::Status status = CheckNodePortAddresses({"primary", "eth0"});
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"eth0\""));
}

}  // namespace
}  // namespace fairlead::plan
