// SPDX-License-Identifier: Apache-2.0
//
// What a runtime sees of fairlead-cni: results, errors, and that calls may
// come twice, late, at once, or while the daemon is away.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cni/test_runtime.h"

namespace fairlead::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(Runtime, AddPrintsTheResultOfTheSpecification) {
  const Outcome added = Call("ADD", "web", PathOf(netns_));
  ASSERT_EQ(added.exit_code, 0) << added.text;
  const json result = added.object();
  const LocalPod pod = dataplane_.pods().at(0);
  EXPECT_EQ(pod.name_space, "shop");
  EXPECT_EQ(pod.name, "web");
  EXPECT_EQ(result.at("cniVersion"), "1.1.0");
  EXPECT_EQ(result.at("interfaces").at(0).at("name"), pod.host_device);
  EXPECT_EQ(result.at("interfaces").at(1).at("mac"), MacToString(pod.mac));
  EXPECT_EQ(result.at("interfaces").at(1).at("sandbox"), PathOf(netns_));
  EXPECT_EQ(result.at("ips").at(0).at("address"), pod.ip4->ToString() + "/32");
  EXPECT_EQ(result.at("ips").at(1).at("address"), pod.ip6->ToString() + "/128");
}

TEST_F(Runtime, DelRemovesThePodAndTwiceIsFine) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  for (int i = 0; i < 2; ++i) {
    const Outcome deleted = Call("DEL", "web");
    EXPECT_EQ(deleted.exit_code, 0) << deleted.text;
    EXPECT_EQ(deleted.text, "");
  }
  EXPECT_EQ(Devices(), 0u);
  EXPECT_THAT(dataplane_.pods(), IsEmpty());
}

TEST_F(Runtime, DelOfANamespaceThatIsGoneIsFine) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  const std::string path = PathOf(netns_);
  netns_.Reset();
  EXPECT_EQ(Call("DEL", "web", path).exit_code, 0);
  EXPECT_EQ(Call("DEL", "never-seen", path).exit_code, 0);
}

TEST_F(Runtime, SecondAddIsAnErrorObjectAndTheFirstStays) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  const Outcome again = Call("ADD", "web", PathOf(netns_));
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.object().at("code"), 100);
  EXPECT_EQ(Devices(), 1u);
}

TEST_F(Runtime, FailureInTheDataplaneIsAnErrorObjectAndLeavesNothing) {
  dataplane_.fail_add = true;
  const Outcome failed = Call("ADD", "web", PathOf(netns_));
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_EQ(failed.object().at("code"), 102);
  EXPECT_THAT(failed.object().at("details").get<std::string>(), HasSubstr("told to fail"));
  EXPECT_EQ(Devices(), 0u);
}

TEST_F(Runtime, FiftyAddsAtOnceGetFiftyDifferentAddresses) {
  constexpr size_t kPods = 50;
  std::vector<UniqueFd> namespaces;
  for (size_t i = 0; i < kPods; ++i) namespaces.push_back(Must(MakeNetns()));
  std::vector<Outcome> outcomes(kPods);
  std::vector<std::thread> callers;
  for (size_t i = 0; i < kPods; ++i) {
    callers.emplace_back(
        [&, i] { outcomes[i] = Call("ADD", fmt::format("p{}", i), PathOf(namespaces[i])); });
  }
  for (std::thread& caller : callers) caller.join();
  std::set<std::string> addresses;
  std::set<std::string> devices;
  for (const Outcome& outcome : outcomes) {
    ASSERT_EQ(outcome.exit_code, 0) << outcome.text;
    const json result = outcome.object();
    for (const json& ip : result.at("ips")) addresses.insert(ip.at("address"));
    devices.insert(result.at("interfaces").at(0).at("name"));
  }
  EXPECT_THAT(addresses, SizeIs(2 * kPods));
  EXPECT_THAT(devices, SizeIs(kPods));
  EXPECT_EQ(Devices(), kPods);
}

TEST_F(Runtime, RestartedDaemonKnowsItsPods) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  StopDaemon();
  StartDaemon();
  EXPECT_EQ(Call("ADD", "web", PathOf(netns_)).object().at("code"), 100);
  EXPECT_EQ(Call("DEL", "web").exit_code, 0);
  EXPECT_EQ(Devices(), 0u);
}

TEST_F(Runtime, NodeWithoutPodBlockIsNotAvailable) {
  StopDaemon();
  blocks_.clear();
  StartDaemon();
  EXPECT_EQ(Call("STATUS", "").object().at("code"), 50);
  EXPECT_EQ(Call("ADD", "web", PathOf(netns_)).object().at("code"), 50);
  EXPECT_EQ(Call("DEL", "web").exit_code, 0);
}

TEST_F(Runtime, StatusOfAReadyNodeIsSilent) {
  const Outcome status = Call("STATUS", "");
  EXPECT_EQ(status.exit_code, 0) << status.text;
  EXPECT_EQ(status.text, "");
}

TEST_F(Runtime, NamespaceThatIsNoneIsRefused) {
  for (const std::string& path : {std::string("/nonexistent"), socket_, directory_.path(),
                                  std::string("/proc/self/ns/net"), std::string("/dev/null")}) {
    const Outcome refused = Call("ADD", "web", path);
    EXPECT_EQ(refused.exit_code, 1) << path;
    EXPECT_EQ(refused.object().at("code"), 4) << refused.text;
  }
  EXPECT_EQ(Devices(), 0u);
}

TEST_F(Runtime, VersionNeedsNoDaemon) {
  StopDaemon();
  const Outcome version = RunCni({{"CNI_COMMAND", "VERSION"}}, R"({"cniVersion": "1.0.0"})");
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.object(), json::parse(R"({"cniVersion": "1.0.0",
                            "supportedVersions": ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]})"));
}

}  // namespace
}  // namespace fairlead::testing
