// SPDX-License-Identifier: Apache-2.0
//
// A host that others configure as well. Promise: settings that pods need are
// put right when somebody changes them, and said to be; no filter of the host's
// own firewall comes between two pods, or a pod and the world.
#include <fmt/format.h>

#include "lab/network_namespace.h"
#include "loader/netlink/sysctls.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

class HostSettings : public TwoNodes {
 protected:
  std::string Sysctl(const std::string& name) {
    std::string value;
    FL_EXPECT_OK(lab::InNamespace(node(1).network_namespace(), [&] {
      value = ReadSysctl(name).value_or("none");
      return absl::OkStatus();
    }));
    return value;
  }
  void Put(const std::string& name, const std::string& value) {
    FL_ASSERT_OK(
        lab::InNamespace(node(1).network_namespace(), [&] { return WriteSysctl(name, value); }));
  }
  // The daemon sets it to `value` again.
  bool Becomes(const std::string& name, const std::string& value) {
    return lab::WaitUntil([&] { return Sysctl(name) == value; }, std::chrono::seconds(20));
  }
  std::string Status() {
    const auto status = lab().Run("node1", {"fairlead", "status"}, std::chrono::seconds(20));
    return status.ok() ? status->out : status.status().ToString();
  }
  std::string Forwarding() const {
    return GetParam() == Family::kIpv4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
  }
};

TEST_P(HostSettings, ForwardingThatIsSwitchedOffComesBackAndIsReported) {
  const lab::Pod client = AddPod(1, "client", "client");
  EXPECT_THAT(Status(), ::testing::StartsWith("healthy"));
  Put(Forwarding(), "0");
  EXPECT_TRUE(Becomes(Forwarding(), "1"));
  EXPECT_TRUE(lab::WaitUntil(
      [&] {
        return Status().find(fmt::format("{} has been changed 1 times", Forwarding())) !=
               std::string::npos;
      },
      std::chrono::seconds(20)))
      << Status();
  const auto serving = ServeTcpOutside();
  FL_EXPECT_OK(
      TcpClient::Open(client.network_namespace(), Endpoint{OutsideAddress(), kPodPort}).status());
}

TEST_P(HostSettings, ForwardingOfOnePodsDeviceComesBack) {
  AddPod(1, "client", "client");
  const std::string name = DeviceSysctl(GetParam(), "fl00000", "forwarding");
  ASSERT_EQ(Sysctl(name), "1");
  Put(name, "0");
  EXPECT_TRUE(Becomes(name, "1"));
}

TEST_P(HostSettings, StatusSaysWhatNobodyPutsRight) {
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGTERM));
  Put(Forwarding(), "0");
  const auto status = lab().Run("node1", {"fairlead", "status"}, std::chrono::seconds(20));
  FL_ASSERT_OK(status.status());
  EXPECT_EQ(status->exit_code, 1);
  EXPECT_THAT(status->out, ::testing::HasSubstr(Forwarding() + " is 0, pods need 1"));
}

FL_BOTH_FAMILIES(HostSettings);

class StrictFilter : public HostSettings {};

TEST_P(StrictFilter, OfReversePathsIsLoosenedAndPodsOfAllNodesReachTheHost) {
  const lab::Pod near = AddPod(1, "near", "client"), far = AddPod(2, "far", "client");
  Put("net/ipv4/conf/all/rp_filter", "1");
  Put("net/ipv4/conf/fl00000/rp_filter", "1");
  Put("net/ipv4/conf/eth0/rp_filter", "1");
  EXPECT_TRUE(Becomes("net/ipv4/conf/fl00000/rp_filter", "2"));
  EXPECT_TRUE(Becomes("net/ipv4/conf/eth0/rp_filter", "2"));
  const Endpoint host{AddressOf(node(1)), kPodPort};
  const TcpServer serving("host", node(1).network_namespace(), host);
  for (const lab::Pod& pod : {near, far}) {
    FL_EXPECT_OK(TcpClient::Open(pod.network_namespace(), host).status());
  }
}

// IPv6 has no such setting.
INSTANTIATE_TEST_SUITE_P(Ipv4, StrictFilter, ::testing::Values(Family::kIpv4), NameOfFamily);

}  // namespace
}  // namespace fairlead::testing
