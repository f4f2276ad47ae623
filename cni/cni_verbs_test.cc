// SPDX-License-Identifier: Apache-2.0
//
// Every verb of the specification against valid and broken requests: exit code,
// error code, and nothing on standard output but what belongs there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "cni/test_runtime.h"

namespace fairlead::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr int kNoError = 0;
constexpr char kStdinOfTheNetwork[] = "the network's configuration";

struct Verb {
  const char* name;
  const char* command;
  const char* variable;  // set to `value`; "" unset; nullptr: as it should be
  const char* value;
  const char* input;  // standard input, or kStdinOfTheNetwork
  int code;           // kNoError: it succeeds
};
void PrintTo(const Verb& verb, std::ostream* os) { *os << verb.name; }

class CniVerb : public Runtime, public ::testing::WithParamInterface<Verb> {};

// "attached" is a pod that was added before.
TEST_P(CniVerb, AnswersAsTheSpecificationSays) {
  const Outcome before = Call("ADD", "attached", PathOf(netns_));
  ASSERT_EQ(before.exit_code, 0) << before.text;
  const UniqueFd fresh = Must(MakeNetns());
  const bool is_add = std::string(GetParam().command) == "ADD";
  std::map<std::string, std::string> environment = {
      {"CNI_COMMAND", GetParam().command},
      {"CNI_CONTAINERID", is_add ? "container-new" : "container-attached"},
      {"CNI_NETNS", PathOf(is_add ? fresh : netns_)},
      {"CNI_IFNAME", "eth0"},
      {"CNI_PATH", "/opt/cni/bin"}};
  if (GetParam().variable != nullptr) environment[GetParam().variable] = GetParam().value;
  json members = {{"cni.dev/valid-attachments", json::array()}};
  if (std::string(GetParam().command) == "CHECK") members["prevResult"] = before.object();
  const std::string input =
      GetParam().input == kStdinOfTheNetwork ? Configuration(members) : GetParam().input;
  const Outcome outcome = RunCni(environment, input);
  if (GetParam().code == kNoError) {
    EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
    return;
  }
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.object().at("code"), GetParam().code) << outcome.text;
  EXPECT_FALSE(outcome.object().at("msg").get<std::string>().empty());
  EXPECT_EQ(Devices(), 1u) << "a refused request changes nothing";
}

constexpr char kWithoutPrevious[] = R"({"cniVersion": "1.1.0", "name": "fairlead"})";
constexpr char kOfAnUnknownVersion[] = R"({"cniVersion": "7.0.0", "name": "fairlead"})";
constexpr char kOf100[] = R"({"cniVersion": "1.0.0", "name": "fairlead"})";

INSTANTIATE_TEST_SUITE_P(
    Add, CniVerb,
    ::testing::Values(
        Verb{"Valid", "ADD", nullptr, nullptr, kStdinOfTheNetwork, kNoError},
        Verb{"EmptyInput", "ADD", nullptr, nullptr, "", 6},
        Verb{"NoJson", "ADD", nullptr, nullptr, "{", 6},
        Verb{"UnknownVersion", "ADD", nullptr, nullptr, kOfAnUnknownVersion, 1},
        Verb{"NoNetworkName", "ADD", nullptr, nullptr, R"({"cniVersion": "1.1.0"})", 7},
        Verb{"NoContainer", "ADD", "CNI_CONTAINERID", "", kStdinOfTheNetwork, 4},
        Verb{"ContainerThatIsAPath", "ADD", "CNI_CONTAINERID", "../../x", kStdinOfTheNetwork, 4},
        Verb{"NoInterface", "ADD", "CNI_IFNAME", "", kStdinOfTheNetwork, 4},
        Verb{"NoNamespace", "ADD", "CNI_NETNS", "", kStdinOfTheNetwork, 4},
        Verb{"NamespaceThatIsNotThere", "ADD", "CNI_NETNS", "/run/netns/none", kStdinOfTheNetwork,
             4},
        Verb{"SecondOfTheSameContainer", "ADD", "CNI_CONTAINERID", "container-attached",
             kStdinOfTheNetwork, 100}),
    [](const auto& one) { return std::string(one.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Del, CniVerb,
    ::testing::Values(Verb{"Valid", "DEL", nullptr, nullptr, kStdinOfTheNetwork, kNoError},
                      Verb{"WithoutNamespace", "DEL", "CNI_NETNS", "", kStdinOfTheNetwork,
                           kNoError},
                      Verb{"NamespaceThatIsGone", "DEL", "CNI_NETNS", "/run/netns/none",
                           kStdinOfTheNetwork, kNoError},
                      Verb{"OfAnUnknownContainer", "DEL", "CNI_CONTAINERID", "container-unknown",
                           kStdinOfTheNetwork, kNoError},
                      Verb{"ArgumentsThatNobodyKnows", "DEL", "CNI_ARGS", "COLOUR=red",
                           kStdinOfTheNetwork, kNoError},
                      Verb{"EmptyInput", "DEL", nullptr, nullptr, "", 6},
                      Verb{"UnknownVersion", "DEL", nullptr, nullptr, kOfAnUnknownVersion, 1},
                      Verb{"NoContainer", "DEL", "CNI_CONTAINERID", "", kStdinOfTheNetwork, 4}),
    [](const auto& one) { return std::string(one.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Check, CniVerb,
    ::testing::Values(Verb{"Valid", "CHECK", nullptr, nullptr, kStdinOfTheNetwork, kNoError},
                      Verb{"EmptyInput", "CHECK", nullptr, nullptr, "", 6},
                      Verb{"UnknownVersion", "CHECK", nullptr, nullptr, kOfAnUnknownVersion, 1},
                      Verb{"WithoutPreviousResult", "CHECK", nullptr, nullptr, kWithoutPrevious, 7},
                      Verb{"NoNamespace", "CHECK", "CNI_NETNS", "", kStdinOfTheNetwork, 4},
                      Verb{"NamespaceOfTheNode", "CHECK", "CNI_NETNS", "/proc/self/ns/net",
                           kStdinOfTheNetwork, 4},
                      Verb{"OfAnUnknownContainer", "CHECK", "CNI_CONTAINERID", "container-unknown",
                           kStdinOfTheNetwork, 3}),
    [](const auto& one) { return std::string(one.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Gc, CniVerb,
    ::testing::Values(
        Verb{"Valid", "GC", nullptr, nullptr, kStdinOfTheNetwork, kNoError},
        Verb{"EmptyInput", "GC", nullptr, nullptr, "", 6},
        Verb{"UnknownVersion", "GC", nullptr, nullptr, kOfAnUnknownVersion, 1},
        Verb{"BeforeItExisted", "GC", nullptr, nullptr, kOf100, 1},
        Verb{"WithoutAList", "GC", nullptr, nullptr, kWithoutPrevious, 7},
        Verb{"ListOfSomethingElse", "GC", nullptr, nullptr,
             R"({"cniVersion": "1.1.0", "name": "n", "cni.dev/valid-attachments": ["c1"]})", 7}),
    [](const auto& one) { return std::string(one.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Status, CniVerb,
    ::testing::Values(Verb{"Valid", "STATUS", nullptr, nullptr, kStdinOfTheNetwork, kNoError},
                      Verb{"EmptyInput", "STATUS", nullptr, nullptr, "", 6},
                      Verb{"UnknownVersion", "STATUS", nullptr, nullptr, kOfAnUnknownVersion, 1},
                      Verb{"BeforeItExisted", "STATUS", nullptr, nullptr, kOf100, 1}),
    [](const auto& one) { return std::string(one.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Version, CniVerb,
    ::testing::Values(Verb{"Valid", "VERSION", nullptr, nullptr, kOf100, kNoError},
                      Verb{"UnknownCommand", "FLY", nullptr, nullptr, kStdinOfTheNetwork, 4},
                      Verb{"EmptyCommand", "", nullptr, nullptr, kStdinOfTheNetwork, 4}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_F(Runtime, CallWithoutACommandIsAnErrorObject) {
  const Outcome refused = RunCni({}, "");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(refused.object().at("code"), 4);
}

TEST_F(Runtime, GarbageCollectionRemovesWhatIsNotListedAndOnlyOfItsNetwork) {
  const UniqueFd second = Must(MakeNetns());
  const UniqueFd third = Must(MakeNetns());
  ASSERT_EQ(Call("ADD", "kept", PathOf(netns_)).exit_code, 0);
  ASSERT_EQ(Call("ADD", "stale", PathOf(second)).exit_code, 0);
  ASSERT_EQ(Call("ADD", "elsewhere", PathOf(third), {{"name", "other-network"}}).exit_code, 0);
  const json kept = {{"containerID", "container-kept"}, {"ifname", "eth0"}};
  const Outcome collected =
      RunCni({{"CNI_COMMAND", "GC"}, {"CNI_PATH", "/opt/cni/bin"}},
             Configuration({{"cni.dev/valid-attachments", json::array({kept})}}));
  EXPECT_EQ(collected.exit_code, 0) << collected.text;
  EXPECT_EQ(collected.text, "");
  std::vector<std::string> names;
  for (const auto& [slot, pod] : dataplane_.pods()) names.push_back(pod.name);
  EXPECT_THAT(names, ElementsAre("kept", "elsewhere"));
}

TEST_F(Runtime, GarbageCollectionTakesAListOfThousands) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  json list = json::array({{{"containerID", "container-web"}, {"ifname", "eth0"}}});
  for (int i = 0; i < 4096; ++i) {
    list.push_back({{"containerID", std::string(64, 'c') + std::to_string(i)}, {"ifname", "eth0"}});
  }
  const Outcome collected =
      RunCni({{"CNI_COMMAND", "GC"}}, Configuration({{"cni.dev/valid-attachments", list}}));
  EXPECT_EQ(collected.exit_code, 0) << collected.text;
  EXPECT_THAT(dataplane_.pods(), SizeIs(1));
}

TEST_F(Runtime, StatusSaysThatAddressesAreUsedUp) {
  StopDaemon();
  blocks_ = {Must(Cidr::Parse("10.1.0.0/30"))};
  StartDaemon();
  const UniqueFd second = Must(MakeNetns());
  const UniqueFd third = Must(MakeNetns());
  ASSERT_EQ(Call("ADD", "a", PathOf(netns_)).exit_code, 0);
  ASSERT_EQ(Call("ADD", "b", PathOf(second)).exit_code, 0);
  const json status = Call("STATUS", "").object();
  EXPECT_EQ(status.at("code"), 50);
  EXPECT_THAT(status.at("details").get<std::string>(), HasSubstr("10.1.0.0/30"));
  const json refused = Call("ADD", "c", PathOf(third)).object();
  EXPECT_EQ(refused.at("code"), 101);
  EXPECT_THAT(refused.at("details").get<std::string>(), HasSubstr("2 of 2"));
}

TEST_F(Runtime, StatusOfANodeWhosePodsAreCutOffIsLimited) {
  dataplane_.limited = true;
  EXPECT_EQ(Call("STATUS", "").object().at("code"), 51);
}

TEST_F(Runtime, AddressAndMacThatAreAskedForAreGiven) {
  const json members = {
      {"runtimeConfig", {{"ips", {"10.1.0.77", "fd00:1::77"}}, {"mac", "02:00:00:00:00:77"}}}};
  const Outcome added = Call("ADD", "web", PathOf(netns_), members);
  ASSERT_EQ(added.exit_code, 0) << added.text;
  EXPECT_EQ(added.object().at("ips").at(0).at("address"), "10.1.0.77/32");
  EXPECT_EQ(added.object().at("ips").at(1).at("address"), "fd00:1::77/128");
  EXPECT_EQ(added.object().at("interfaces").at(1).at("mac"), "02:00:00:00:00:77");
  const UniqueFd other = Must(MakeNetns());
  EXPECT_EQ(Call("ADD", "second", PathOf(other), members).object().at("code"), 103);
  for (const char* outside : {"10.2.0.1", "10.1.0.0", "10.1.0.255"}) {
    const json wrong = {{"runtimeConfig", {{"ips", {outside}}}}};
    EXPECT_EQ(Call("ADD", "second", PathOf(other), wrong).object().at("code"), 7) << outside;
  }
  EXPECT_EQ(Devices(), 1u);
}

TEST_F(Runtime, PortMappingsComeToTheDataplane) {
  const json members = {
      {"runtimeConfig", {{"portMappings", {{{"hostPort", 8080}, {"containerPort", 80}}}}}}};
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_), members).exit_code, 0);
  EXPECT_THAT(dataplane_.pods().at(0).port_mappings,
              ElementsAre(PortMapping{Protocol::kTcp, 8080, 80, std::nullopt}));
}

}  // namespace
}  // namespace fairlead::testing
