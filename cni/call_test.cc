// SPDX-License-Identifier: Apache-2.0
//
// What a runtime may say, what is refused and with which code of the
// specification.
#include "cni/call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "cni/test_call.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CniCall, AddIsReadFromEnvironmentAndConfiguration) {
  const auto parsed = ParseCall(AddEnvironment(), kConfiguration);
  const auto* call = std::get_if<CniCall>(&parsed);
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->request.command, CniCommand::kAdd);
  EXPECT_EQ(call->request.pod, (PodRequest{.container_id = "c1",
                                           .interface_name = "eth0",
                                           .name_space = "shop",
                                           .name = "web",
                                           .uid = "42",
                                           .network = "fairlead"}));
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
        Refused{"PreviousResultOfTheWrongShape", nullptr, nullptr,
                R"({"cniVersion": "1.1.0", "name": "n", "prevResult": {"ips": [3]}})",
                CniCode::kInvalidConfiguration, "prevResult"},
        Refused{"RuntimeConfigThatIsNoObject", nullptr, nullptr,
                R"({"cniVersion": "1.1.0", "name": "n", "runtimeConfig": []})",
                CniCode::kInvalidConfiguration, "runtimeConfig"},
        Refused{"ArgumentThatNobodyKnows", "CNI_ARGS", "COLOUR=red", kConfiguration,
                CniCode::kInvalidEnvironment, "COLOUR"}),
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

TEST(CniArguments, UnknownOnesPassWithIgnoreUnknownAndForDel) {
  Environment environment = AddEnvironment();
  environment["CNI_ARGS"] = "COLOUR=red;IgnoreUnknown=true";
  EXPECT_TRUE(std::holds_alternative<CniCall>(ParseCall(environment, kConfiguration)));
  environment["CNI_ARGS"] = "COLOUR=red";
  environment["CNI_COMMAND"] = "DEL";
  EXPECT_TRUE(std::holds_alternative<CniCall>(ParseCall(environment, kConfiguration)));
}

TEST(CniVersion, CommandsAreRefusedInVersionsThatDidNotHaveThem) {
  for (const auto& [command, old, first] : std::vector<std::array<std::string, 3>>{
           {"CHECK", "0.3.1", "0.4.0"}, {"GC", "1.0.0", "1.1.0"}, {"STATUS", "1.0.0", "1.1.0"}}) {
    Environment environment = AddEnvironment();
    environment["CNI_COMMAND"] = command;
    json configuration = {
        {"name", "n"},
        {"cni.dev/valid-attachments", json::array()},
        {"prevResult", {{"interfaces", {{{"name", "eth0"}, {"sandbox", "/run/netns/c1"}}}}}}};
    configuration["cniVersion"] = old;
    const auto refused = ParseCall(environment, configuration.dump());
    ASSERT_TRUE(std::holds_alternative<CniError>(refused)) << command;
    EXPECT_EQ(std::get<CniError>(refused).code, CniCode::kIncompatibleVersion);
    configuration["cniVersion"] = first;
    EXPECT_TRUE(std::holds_alternative<CniCall>(ParseCall(environment, configuration.dump())))
        << command;
  }
}

TEST(CniCall, GarbageCollectionListsWhatIsToBeKeptUnderEitherName) {
  for (const char* key : {"cni.dev/valid-attachments", "cni.dev/attachments"}) {
    const json configuration = {
        {"cniVersion", "1.1.0"},
        {"name", "n"},
        {key, {{{"containerID", "c1"}, {"ifname", "eth0"}, {"netns", "/x"}}}}};
    const auto parsed = ParseCall({{"CNI_COMMAND", "GC"}}, configuration.dump());
    const auto* call = std::get_if<CniCall>(&parsed);
    ASSERT_NE(call, nullptr);
    EXPECT_EQ(call->attachments, R"([["c1","eth0"]])");
  }
}

TEST(CniCall, CheckReadsWhatPreviousResultSaysOfItsInterface) {
  Environment environment = AddEnvironment();
  environment["CNI_COMMAND"] = "CHECK";
  const auto parsed = ParseCall(environment, R"({
    "cniVersion": "1.1.0", "name": "n", "prevResult": {
      "interfaces": [{"name": "eth0"},
                     {"name": "eth0", "mac": "02:00:00:00:00:07", "sandbox": "/run/netns/c1"}],
      "ips": [{"address": "10.1.0.2/32", "interface": 1}, {"address": "10.9.0.2/32", "interface": 0}],
      "routes": [{"dst": "0.0.0.0/0", "gw": "169.254.1.1"}, {"dst": "::/0", "gw": "fd00::9"}]}})");
  const auto* call = std::get_if<CniCall>(&parsed);
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->request.expected, (ExpectedPod{.addresses = {Must(IpAddress::Parse("10.1.0.2"))},
                                                 .default_routes = {Family::kIpv4},
                                                 .mac = MacAddress{2, 0, 0, 0, 0, 7}}));
}

}  // namespace
}  // namespace fairlead::testing
