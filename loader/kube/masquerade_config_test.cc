// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/masquerade_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::kube {
namespace {

using ::testing::HasSubstr;

std::string Complaint(const std::string& text) {
  const absl::StatusOr<MasqueradeConfig> config = ParseMasqueradeConfig(text);
  EXPECT_TRUE(absl::IsInvalidArgument(config.status())) << text;
  return std::string(config.status().message());
}

const MasqueradeConfig kExample{
    .non_masquerade_cidrs = {*Cidr::Parse("10.0.0.0/8"), *Cidr::Parse("fd00::/8")},
    .masq_link_local = true,
    .masq_link_local_ipv6 = false};

TEST(MasqueradeConfigOfTheAgent, IsReadAsYaml) {
  EXPECT_EQ(*ParseMasqueradeConfig("nonMasqueradeCIDRs:\n- 10.0.0.0/8\n- fd00::/8\n"
                                   "masqLinkLocal: true\nresyncInterval: 60s\n"),
            kExample);
}

TEST(MasqueradeConfigOfTheAgent, IsReadAsJson) {
  EXPECT_EQ(*ParseMasqueradeConfig(R"({"nonMasqueradeCIDRs": ["10.0.0.0/8", "fd00::/8"],
                                       "masqLinkLocal": true, "masqLinkLocalIPv6": false})"),
            kExample);
}

TEST(MasqueradeConfigOfTheAgent, MayBeEmpty) {
  EXPECT_EQ(*ParseMasqueradeConfig(""), MasqueradeConfig{});
  EXPECT_EQ(*ParseMasqueradeConfig("# nothing yet\n"), MasqueradeConfig{});
}

TEST(MasqueradeConfigOfTheAgent, IsRefusedWithAReason) {
  EXPECT_THAT(Complaint("nonMasqueradeCIDRs: [10.0.0.0/33]"), HasSubstr("nonMasqueradeCIDRs[0]"));
  EXPECT_THAT(Complaint("nonMasqueradeCIDRs: 10.0.0.0/8"), HasSubstr("list"));
  EXPECT_THAT(Complaint("nonMasqueradeCIDR: []"), HasSubstr("nonMasqueradeCIDR"));
  EXPECT_THAT(Complaint("masqLinkLocal: [1"), HasSubstr("line"));
  EXPECT_THAT(Complaint("masqLinkLocal: 3"), HasSubstr("masqLinkLocal"));
  EXPECT_THAT(Complaint("- 1"), HasSubstr("mapping"));
  EXPECT_THAT(Complaint("---\n{}\n---\n{}\n"), HasSubstr("more than one"));
  std::string many = "nonMasqueradeCIDRs:\n";
  for (int i = 0; i < 1025; ++i) many += "- 10.0.0.0/8\n";
  EXPECT_THAT(Complaint(many), HasSubstr("1025"));
}

}  // namespace
}  // namespace fairlead::kube
