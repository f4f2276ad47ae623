// SPDX-License-Identifier: Apache-2.0
//
// What is printed, in every version of the specification and in a chain.
#include "cni/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "cni/test_call.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

CniAttachment Attachment() {
  return {.host_device = "fl00003",
          .mac = {2, 0, 0, 0, 0, 7},
          .mtu = 1450,
          .ip4 = Must(IpAddress::Parse("10.1.0.2")),
          .ip6 = Must(IpAddress::Parse("fd00:1::2"))};
}

TEST(CniResult, NamesBothInterfacesAddressesAndRoutes) {
  const auto call = std::get<CniCall>(ParseCall(AddEnvironment(), kConfiguration));
  EXPECT_EQ(json::parse(EncodeResult(call, Attachment())), json::parse(R"({
    "cniVersion": "1.1.0",
    "interfaces": [
      {"name": "fl00003", "mac": "02:fa:17:1e:ad:01", "mtu": 1450},
      {"name": "eth0", "mac": "02:00:00:00:00:07", "mtu": 1450, "sandbox": "/run/netns/c1"}],
    "ips": [
      {"address": "10.1.0.2/32", "gateway": "169.254.1.1", "interface": 1},
      {"address": "fd00:1::2/128", "gateway": "fe80::1", "interface": 1}],
    "routes": [
      {"dst": "0.0.0.0/0", "gw": "169.254.1.1"},
      {"dst": "::/0", "gw": "fe80::1"}],
    "dns": {"nameservers": ["10.96.0.10"]}})"));
}

TEST(CniResult, SingleFamilyNodeHasOneAddressAndVersion100NoMtu) {
  const auto call = std::get<CniCall>(
      ParseCall(AddEnvironment(), R"({"cniVersion": "1.0.0", "name": "fairlead"})"));
  CniAttachment attachment = Attachment();
  attachment.ip4.reset();
  const json result = json::parse(EncodeResult(call, attachment));
  EXPECT_EQ(result.at("cniVersion"), "1.0.0");
  EXPECT_EQ(result.at("ips").size(), 1u);
  EXPECT_EQ(result.at("routes").size(), 1u);
  EXPECT_EQ(result.at("dns"), json::object());
  EXPECT_FALSE(result.at("interfaces").at(1).contains("mtu"));
}

TEST(CniResult, AddressesSayTheirIpVersionUntil100) {
  for (const char* version : {"0.3.0", "0.3.1", "0.4.0"}) {
    const json configuration = {{"cniVersion", version}, {"name", "fairlead"}};
    const auto call = std::get<CniCall>(ParseCall(AddEnvironment(), configuration.dump()));
    const json result = json::parse(EncodeResult(call, Attachment()));
    EXPECT_EQ(result.at("cniVersion"), version);
    EXPECT_EQ(result.at("ips").at(0).at("version"), "4");
    EXPECT_EQ(result.at("ips").at(1).at("version"), "6");
    EXPECT_FALSE(result.at("interfaces").at(0).contains("mtu"));
  }
}

TEST(CniResult, InAChainWhatWasThereStaysAndOursComesBehindIt) {
  const json previous = json::parse(R"({
    "cniVersion": "1.1.0",
    "interfaces": [{"name": "br0"}, {"name": "net1", "sandbox": "/run/netns/c1"}],
    "ips": [{"address": "192.0.2.7/24", "interface": 1}],
    "routes": [{"dst": "198.51.100.0/24"}],
    "dns": {"domain": "x"}, "custom": 1})");
  const json configuration = {{"cniVersion", "1.1.0"}, {"name", "n"}, {"prevResult", previous}};
  const auto call = std::get<CniCall>(ParseCall(AddEnvironment(), configuration.dump()));
  const json result = json::parse(EncodeResult(call, Attachment()));
  EXPECT_EQ(result.at("interfaces").size(), 4u);
  EXPECT_EQ(result.at("interfaces").at(1), previous.at("interfaces").at(1));
  EXPECT_EQ(result.at("interfaces").at(3).at("name"), "eth0");
  EXPECT_EQ(result.at("ips").at(0), previous.at("ips").at(0));
  EXPECT_EQ(result.at("ips").at(1).at("interface"), 3);
  EXPECT_EQ(result.at("routes").size(), 3u);
  EXPECT_EQ(result.at("dns"), previous.at("dns"));
  EXPECT_EQ(result.at("custom"), 1);
}

TEST(CniResult, ChainThatHasTheInterfaceOrADefaultRouteIsRefused) {
  for (const char* previous : {R"({"interfaces": [{"name": "eth0", "sandbox": "/run/netns/c1"}]})",
                               R"({"routes": [{"dst": "0.0.0.0/0", "gw": "192.0.2.1"}]})"}) {
    const json configuration = {
        {"cniVersion", "1.1.0"}, {"name", "n"}, {"prevResult", json::parse(previous)}};
    const auto parsed = ParseCall(AddEnvironment(), configuration.dump());
    ASSERT_TRUE(std::holds_alternative<CniError>(parsed)) << previous;
    EXPECT_EQ(std::get<CniError>(parsed).code, CniCode::kInvalidConfiguration);
    EXPECT_THAT(std::get<CniError>(parsed).details, HasSubstr("put it first"));
  }
}

TEST(CniResult, ErrorObjectHasVersionCodeMessageAndDetails) {
  EXPECT_EQ(json::parse(EncodeError("1.0.0", {.code = CniCode::kTryAgainLater,
                                              .message = "no answer",
                                              .details = "connect: refused"})),
            json::parse(R"({"cniVersion": "1.0.0", "code": 11, "msg": "no answer",
                            "details": "connect: refused"})"));
}

TEST(CniResult, VersionsAreListed) {
  EXPECT_EQ(json::parse(EncodeVersions("1.0.0")), json::parse(R"({"cniVersion": "1.0.0",
                            "supportedVersions": ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]})"));
}

}  // namespace
}  // namespace fairlead::testing
