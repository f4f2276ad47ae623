// SPDX-License-Identifier: Apache-2.0
//
// What a runtime may say, what is refused and with which code of the
// specification, and what is printed.
#include "cni/call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cni/result.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kConfiguration[] =
    R"({"cniVersion": "1.1.0", "name": "fairlead", "type": "fairlead-cni",
        "socket": "/run/other.sock", "dns": {"nameservers": ["10.96.0.10"]}})";

Environment AddEnvironment() {
  return {{"CNI_COMMAND", "ADD"},
          {"CNI_CONTAINERID", "c1"},
          {"CNI_NETNS", "/run/netns/c1"},
          {"CNI_IFNAME", "eth0"},
          {"CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=42"}};
}

TEST(CniCall, AddIsReadFromEnvironmentAndConfiguration) {
  const auto parsed = ParseCall(AddEnvironment(), kConfiguration);
  const auto* call = std::get_if<CniCall>(&parsed);
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->request.command, CniCommand::kAdd);
  EXPECT_EQ(call->request.pod, (PodRequest{.container_id = "c1",
                                           .interface_name = "eth0",
                                           .name_space = "shop",
                                           .name = "web",
                                           .uid = "42"}));
  EXPECT_EQ(call->version, "1.1.0");
  EXPECT_EQ(call->netns_path, "/run/netns/c1");
  EXPECT_EQ(call->socket, "/run/other.sock");
}

TEST(CniCall, DelNeedsNoNamespaceAndTheSocketHasADefault) {
  Environment environment = AddEnvironment();
  environment["CNI_COMMAND"] = "DEL";
  environment.erase("CNI_NETNS");
  const auto parsed = ParseCall(environment, R"({"cniVersion": "1.0.0", "name": "n"})");
  const auto* call = std::get_if<CniCall>(&parsed);
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->request.command, CniCommand::kDelete);
  EXPECT_EQ(call->socket, "/run/fairlead/cni.sock");
}

struct Refused {
  const char* name;
  const char* variable;  // set to `value`; nullptr: the environment of an ADD
  const char* value;
  const char* configuration;
  CniCode code;
  const char* mentions;
};
void PrintTo(const Refused& refused, std::ostream* os) { *os << refused.name; }

class CniCallRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(CniCallRefuses, WithTheCodeOfTheSpecification) {
  Environment environment = AddEnvironment();
  if (GetParam().variable != nullptr) environment[GetParam().variable] = GetParam().value;
  const auto parsed = ParseCall(environment, GetParam().configuration);
  const auto* error = std::get_if<CniError>(&parsed);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, GetParam().code) << error->message << ": " << error->details;
  EXPECT_THAT(error->message + ": " + error->details, HasSubstr(GetParam().mentions));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, CniCallRefuses,
    ::testing::Values(
        Refused{"UnknownCommand", "CNI_COMMAND", "FLY", kConfiguration,
                CniCode::kInvalidEnvironment, "CNI_COMMAND"},
        Refused{"NoContainer", "CNI_CONTAINERID", "", kConfiguration, CniCode::kInvalidEnvironment,
                "CNI_CONTAINERID"},
        Refused{"ContainerThatIsAPath", "CNI_CONTAINERID", "../x", kConfiguration,
                CniCode::kInvalidEnvironment, "CNI_CONTAINERID"},
        Refused{"InterfaceNameTooLong", "CNI_IFNAME", "sixteen-letters!", kConfiguration,
                CniCode::kInvalidEnvironment, "CNI_IFNAME"},
        Refused{"NoNamespace", "CNI_NETNS", "", kConfiguration, CniCode::kInvalidEnvironment,
                "CNI_NETNS"},
        Refused{"ArgumentWithoutValue", "CNI_ARGS", "K8S_POD_NAME", kConfiguration,
                CniCode::kInvalidEnvironment, "CNI_ARGS"},
        Refused{"EmptyInput", nullptr, nullptr, "", CniCode::kUndecodable, "empty"},
        Refused{"NoJson", nullptr, nullptr, "{\"cniVersion\":", CniCode::kUndecodable, "JSON"},
        Refused{"NoObject", nullptr, nullptr, "[1]", CniCode::kUndecodable, "object"},
        Refused{"VersionOfAnotherType", nullptr, nullptr, R"({"cniVersion": 1, "name": "n"})",
                CniCode::kUndecodable, "cniVersion"},
        Refused{"OldVersion", nullptr, nullptr, R"({"cniVersion": "0.2.0", "name": "n"})",
                CniCode::kIncompatibleVersion, "0.2.0"},
        Refused{"NoVersion", nullptr, nullptr, R"({"name": "n"})", CniCode::kIncompatibleVersion,
                "0.1.0"},
        Refused{"NoName", nullptr, nullptr, R"({"cniVersion": "1.1.0"})",
                CniCode::kInvalidConfiguration, "name"},
        Refused{"SocketThatIsNoPath", nullptr, nullptr,
                R"({"cniVersion": "1.1.0", "name": "n", "socket": "x"})",
                CniCode::kInvalidConfiguration, "socket"},
        Refused{"DnsThatIsNoObject", nullptr, nullptr,
                R"({"cniVersion": "1.1.0", "name": "n", "dns": []})",
                CniCode::kInvalidConfiguration, "dns"},
        Refused{"StatusBeforeItExisted", "CNI_COMMAND", "STATUS",
                R"({"cniVersion": "1.0.0", "name": "n"})", CniCode::kIncompatibleVersion,
                "STATUS"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(CniCall, OversizedArgumentsAreRefused) {
  Environment environment = AddEnvironment();
  environment["CNI_ARGS"] = "K8S_POD_NAME=" + std::string(kLongestCniMessage, 'x');
  const auto parsed = ParseCall(environment, kConfiguration);
  ASSERT_TRUE(std::holds_alternative<CniError>(parsed));
  EXPECT_EQ(std::get<CniError>(parsed).code, CniCode::kInvalidEnvironment);
}

TEST(CniVersion, AnswerIsInTheVersionOfTheQuestionIfThatIsKnown) {
  EXPECT_EQ(VersionOf(R"({"cniVersion": "1.0.0"})"), "1.0.0");
  for (const char* other : {"", "{}", "[]", R"({"cniVersion": "9.9.9"})", R"({"cniVersion": 3})"}) {
    EXPECT_EQ(VersionOf(other), "1.1.0") << other;
  }
}

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

TEST(CniResult, ErrorObjectHasVersionCodeMessageAndDetails) {
  EXPECT_EQ(json::parse(EncodeError("1.0.0", {.code = CniCode::kTryAgainLater,
                                              .message = "no answer",
                                              .details = "connect: refused"})),
            json::parse(R"({"cniVersion": "1.0.0", "code": 11, "msg": "no answer",
                            "details": "connect: refused"})"));
}

TEST(CniResult, VersionsAreListed) {
  EXPECT_EQ(json::parse(EncodeVersions("1.0.0")),
            json::parse(R"({"cniVersion": "1.0.0", "supportedVersions": ["1.0.0", "1.1.0"]})"));
}

}  // namespace
}  // namespace fairlead::testing
