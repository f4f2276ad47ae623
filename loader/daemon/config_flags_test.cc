// SPDX-License-Identifier: Apache-2.0
//
// Command line, file and defaults, in this order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "loader/daemon/flags.h"

namespace fairlead {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ConfigFlags : public ::testing::Test {
 protected:
  ConfigFlags() { AddFlags(app_, options_); }

  absl::Status Read(const std::string& keys, std::vector<std::string> command_line = {}) {
    std::ranges::reverse(command_line);  // as CLI11 wants it
    app_.parse(command_line);
    auto file = config::ParseConfig(
        "F", "apiVersion: fairlead.io/v1alpha1\nkind: FairleadConfiguration\n" + keys, {});
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
    return ApplyConfig(file_, app_);
  }

  std::string Complaint(const std::string& keys) {
    const absl::Status status = Read(keys);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  }

  Options options_;
  CLI::App app_;
  config::ConfigFile file_;
};

TEST_F(ConfigFlags, FileWinsOverDefaults) {
  ASSERT_TRUE(Read("nodeName: node1\nmtu: 1400\nmasquerade: false\nmasqueradeNodes: true\n"
                   "podCidrs: [10.0.0.0/24, \"fd00::/64\"]\ndevices: eth0,eth1\nrouting: auto\n"
                   "conntrackTcpTimeoutEstablished: 1h30m\nvni: 3\n")
                  .ok());
  EXPECT_EQ(options_.node_name, "node1");
  EXPECT_EQ(options_.mtu, 1400u);
  EXPECT_FALSE(options_.masquerade);
  EXPECT_TRUE(options_.masquerade_nodes);
  EXPECT_THAT(options_.pod_cidrs, ElementsAre("10.0.0.0/24", "fd00::/64"));
  EXPECT_THAT(options_.devices, ElementsAre("eth0", "eth1"));
  EXPECT_EQ(options_.routing.routing, plan::Routing::kAuto);
  EXPECT_EQ(options_.routing.vni, 3u);
  EXPECT_EQ(options_.timeouts.tcp_established, 5400u);
  EXPECT_EQ(options_.timeouts.tcp_half_closed, 3600u);
}

TEST_F(ConfigFlags, CommandLineWinsOverTheFile) {
  ASSERT_TRUE(Read("mtu: 1400\nmasquerade: true\ndevices: [eth0, eth1]\nvni: 3\n",
                   {"--mtu=1300", "--masquerade=false", "--devices=wan0"})
                  .ok());
  EXPECT_EQ(options_.mtu, 1300u);
  EXPECT_FALSE(options_.masquerade);
  EXPECT_THAT(options_.devices, ElementsAre("wan0"));
  EXPECT_EQ(options_.routing.vni, 3u);
}

TEST_F(ConfigFlags, CommandLineThatNamesASourceOfObjectsWinsOverAnyOther) {
  ASSERT_TRUE(Read("kubeconfig: /etc/kubernetes/k.conf\nnodeName: n1\n", {"--manifests=/m"}).ok());
  EXPECT_EQ(options_.kubeconfig, "");
  EXPECT_TRUE(ValidateOptions(options_).ok());
}

TEST_F(ConfigFlags, SourceOfObjectsIsOne) {
  ASSERT_TRUE(Read("apiServer: [\"https://a:1\", \"https://b:1\"]\nnodeName: n1\n").ok());
  EXPECT_THAT(options_.api_servers, ElementsAre("https://a:1", "https://b:1"));
  EXPECT_TRUE(ValidateOptions(options_).ok());
  options_.manifests = "/m";
  EXPECT_THAT(std::string(ValidateOptions(options_).message()), StartsWith("--manifests excludes"));
  options_.manifests = "";
  options_.in_cluster = true;
  EXPECT_TRUE(ValidateOptions(options_).ok());
  options_.kubeconfig = "k";
  EXPECT_THAT(std::string(ValidateOptions(options_).message()), StartsWith("--in-cluster and"));
  options_ = Options();
  options_.node_name = "n1";
  EXPECT_THAT(std::string(ValidateOptions(options_).message()), StartsWith("no source of objects"));
}

TEST_F(ConfigFlags, KeysOfNoFlagAreRefused) {
  EXPECT_EQ(Complaint("podCIDR: 10.0.0.0/8\n"),
            "F: line 3: podCIDR: is no key of FairleadConfiguration");
  EXPECT_THAT(Complaint("\nconfig: other.yaml\n"), StartsWith("F: line 4: config: is no key"));
  EXPECT_THAT(Complaint("help: true\n"), HasSubstr("is no key"));
}

TEST_F(ConfigFlags, ValuesThatTheFlagRefusesNameTheLine) {
  EXPECT_THAT(Complaint("mtu: wide\n"), AllOf(StartsWith("F: line 3: mtu: "), HasSubstr("wide")));
}

TEST_F(ConfigFlags, WordsThatAreNoChoiceNameTheLine) {
  EXPECT_THAT(Complaint("vni: 1\nrouting: magic\n"),
              AllOf(StartsWith("F: line 4: routing: "), HasSubstr("magic")));
}

TEST_F(ConfigFlags, TimeoutsAreDurations) {
  EXPECT_THAT(Complaint("conntrackUdpTimeout: 100000h\n"),
              StartsWith("F: line 3: conntrackUdpTimeout: "));
}

TEST_F(ConfigFlags, OneValueIsNoList) {
  EXPECT_EQ(Complaint("mtu: [1400, 1500]\n"), "F: line 3: mtu: must be one value, is a list");
}

TEST_F(ConfigFlags, TwoNamesOfOneFlagAreOneToMany) {
  EXPECT_THAT(Complaint("hostnameOverride: a\nnodeName: b\n"), HasSubstr("was said before"));
}

TEST_F(ConfigFlags, ComplaintsAboutAFlagNameTheLineThatSaidIt) {
  ASSERT_TRUE(Read("nodeName: a\nmanifests: /m\nmtu: 3\n").ok());
  EXPECT_THAT(std::string(LocateInConfig(file_, ValidateOptions(options_)).message()),
              StartsWith("F: line 5: mtu: --mtu must be 0 or from 576"));
}

TEST_F(ConfigFlags, WhatTheFileDidNotSayIsNotItsFault) {
  ASSERT_TRUE(Read("nodeName: a\nmanifests: /m\nmtu: 1400\n", {"--mtu=3"}).ok());
  EXPECT_THAT(std::string(LocateInConfig(file_, ValidateOptions(options_)).message()),
              StartsWith("--mtu must be 0 or from 576"));
}

}  // namespace
}  // namespace fairlead
