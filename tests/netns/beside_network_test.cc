// SPDX-License-Identifier: Apache-2.0
//
// `fairleadd --mode proxy` beside the bridge plugin: what is not said of Services in the
// tests that run once more beside other networks (CMakeLists.txt).
#include <fmt/format.h>
#include <signal.h>

#include <filesystem>

#include "lab/network_namespace.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BesideBridge : public TwoNodes {
 protected:
  lab::Fabric LabFabric() const override { return {.network = "bridge"}; }

  std::string RunOnNode(const std::vector<std::string>& argv) {
    const auto ran = lab().Run("node1", argv, std::chrono::seconds(30));
    EXPECT_TRUE(ran.ok() && ran->exit_code == 0)
        << argv[0] << ": " << ran.status() << (ran.ok() ? ran->out + ran->err : "");
    return ran.ok() ? ran->out : "";
  }
  std::vector<std::string> Fairleadd(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "fairleadd");
    for (const auto& [flag, path] : {std::pair{"--state-dir", node(1).state_dir()},
                                     {"--run-dir", node(1).run_dir()},
                                     {"--bpffs", node(1).bpffs()}}) {
      arguments.insert(arguments.end(), {flag, path});
    }
    return arguments;
  }
};

// The very first packet of a pod may be for a Service: its device is found by then.
TEST_P(BesideBridge, ANewPodIsServedAtOnceAndConntrackUnderstandsAll) {
  const lab::Pod here = AddPod(1, "here", "web"), there = AddPod(2, "there", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(here), also_serving = ServeTcp(there);
  ASSERT_TRUE(Settles(here, web, {"here", "there"}));
  for (int i = 0; i < 5; ++i) {
    const lab::Pod fresh = AddPod(1, fmt::format("fresh{}", i), "client");
    const auto client = TcpClient::Open(fresh.network_namespace(), web.Front(GetParam()),
                                        kShortPatienceMilliseconds);
    FL_EXPECT_OK(client.status());
  }
  const std::string rules = RunOnNode({"nft", "list", "chain", "inet", "other_network", "forward"});
  EXPECT_THAT(rules, HasSubstr("counter packets 0 ")) << rules;
}

TEST_P(BesideBridge, ProcessesOfTheNodeReachServices) {
  const lab::Pod here = AddPod(1, "here", "web"), there = AddPod(2, "there", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(here), also_serving = ServeTcp(there);
  ASSERT_TRUE(Settles(here, web, {"here", "there"}));
  const auto reached = Reached(node(1).network_namespace(), web.Front(GetParam()), 32);
  EXPECT_EQ(reached.count(""), 0u);
  EXPECT_GT(reached.count("here"), 0u);
  EXPECT_GT(reached.count("there"), 0u);
}

TEST_P(BesideBridge, AConnectionWhoseBackendIsGoneIsResetAtOnce) {
  const lab::Pod client = AddPod(1, "client", "client"), goes = AddPod(1, "goes", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(goes);
  ASSERT_TRUE(Settles(client, web, {"goes"}));
  auto connection = TcpClient::Open(client.network_namespace(), web.Front(GetParam()));
  FL_ASSERT_OK(connection.status());
  FL_ASSERT_OK(lab().DeletePod("goes"));
  ASSERT_TRUE(Settles(client, web, {}));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(connection->Download(1).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST_P(BesideBridge, AUdpSocketWhoseBackendIsGoneGetsAnotherOne) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod here = AddPod(1, "here", "dns"), there = AddPod(2, "there", "dns");
  const TestService dns = AddService("dns", 53, "UDP");
  const UdpServer serving("here", here.network_namespace(), On(here));
  const UdpServer also_serving("there", there.network_namespace(), On(there));
  std::string first;
  const auto socket = OpenAnswered(client, dns, first);
  FL_ASSERT_OK(socket.status());
  FL_ASSERT_OK(lab().DeletePod(first.starts_with("here") ? "here" : "there"));
  std::string answer = first;
  EXPECT_TRUE(lab::WaitUntil([&] { return socket->Ask(answer) == 0 && answer != first; },
                             std::chrono::seconds(20)))
      << answer;
}

TEST_P(BesideBridge, CleanupTakesOurThingsAndNoneOfTheOthers) {
  const lab::Pod here = AddPod(1, "here", "web"), client = AddPod(1, "client", "client");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(here);
  ASSERT_TRUE(Settles(client, web, {"here"}));
  EXPECT_THAT(RunOnNode({"fairlead", "status", "--bpffs", node(1).bpffs()}),
              HasSubstr("mode      proxy"));
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGTERM));
  RunOnNode(Fairleadd({"cleanup"}));
  EXPECT_THAT(RunOnNode({"bpftool", "net", "show"}), Not(HasSubstr("_guest")));
  EXPECT_TRUE(std::filesystem::is_empty(node(1).bpffs()));
  // The other network goes on.
  const auto direct = TcpClient::Open(client.network_namespace(), On(here));
  FL_ASSERT_OK(direct.status());
  EXPECT_EQ(direct->seen_as(), AddressOf(client));
  EXPECT_EQ(RunOnNode({"cat", "/proc/sys/net/ipv4/ip_forward"}), "1\n");
}

FL_BOTH_FAMILIES(BesideBridge);

// As flannel's backend of that name makes it: a device of the cluster's network, by which
// the other node's pods are reached.
class BesideVxlan : public BesideBridge {
 protected:
  void DigTunnel(int here, int there) {
    const bool is_v4 = GetParam() == Family::kIpv4;
    const auto end = [is_v4](int node) {
      return is_v4 ? fmt::format("10.244.{}.0", node) : fmt::format("fd00:10:244:{}::", node);
    };
    Ip(node(here).name(),
       fmt::format("link add flannel.1 address 02:00:00:00:aa:0{0} type vxlan id 1 dstport 8472 "
                   "local {2} remote {3} dev eth0 nolearning\n"
                   "address add {4} dev flannel.1\n"
                   "link set flannel.1 up\n"
                   "neighbour replace {5} dev flannel.1 lladdr 02:00:00:00:aa:0{1}\n"
                   "route delete {5}/{6}\n"  // IPv6: no gateway that another route leads to
                   "route add {5}/{6} via {5} dev flannel.1 onlink\n",
                   here, there, node(here).ipv4(), node(there).ipv4(), end(here), end(there),
                   is_v4 ? 24 : 64));
  }
};

TEST_P(BesideVxlan, ABackendBehindItIsReachedFromPodsAndFromOutside) {
  DigTunnel(1, 2);
  DigTunnel(2, 1);
  const lab::Pod client = AddPod(1, "client", "client"), there = AddPod(2, "there", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(there);
  ASSERT_TRUE(Settles(client, web, {"there"}));
  auto connection = TcpClient::Open(client.network_namespace(), web.Front(GetParam()));
  FL_ASSERT_OK(connection.status());
  EXPECT_EQ(connection->seen_as(), AddressOf(client));
  FL_EXPECT_OK(connection->Download(8 * kMegabyte));

  lab::Object manifest = lab::Object::parse(web.Manifest());
  manifest["spec"]["type"] = "NodePort";
  manifest["spec"]["ports"][0]["nodePort"] = 30080;
  FL_ASSERT_OK(lab().WriteManifest("web.json", lab::ToText(manifest)));
  const Endpoint door{AddressOf(node(1)), 30080};
  EXPECT_TRUE(
      lab::WaitUntil([&] { return ConnectError(Outside(), door, kShortPatienceMilliseconds) == 0; },
                     std::chrono::seconds(20)));
  auto from_outside = TcpClient::Open(Outside(), door);
  FL_ASSERT_OK(from_outside.status());
  EXPECT_EQ(from_outside->server(), "there");
  EXPECT_EQ(from_outside->seen_as(),
            *IpAddress::Parse(GetParam() == Family::kIpv4 ? "10.244.1.0" : "fd00:10:244:1::"));
  FL_EXPECT_OK(from_outside->Upload(kMegabyte));
}

FL_BOTH_FAMILIES(BesideVxlan);

class FullMode : public TwoNodes {
 protected:
  lab::Fabric LabFabric() const override { return {}; }
};

// They would lose their network.
TEST_P(FullMode, DoesNotBecomeProxyModeUnderItsPods) {
  const lab::Pod pod = AddPod(1, "pod", "web"), client = AddPod(1, "client", "client");
  const auto serving = ServeTcp(pod);
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGTERM));
  std::vector<std::string> argv = node(1).DaemonArgv();
  argv.insert(argv.end(), {"--mode", "proxy"});
  const auto refused = lab::Run({.argv = argv, .network_namespace = node(1).network_namespace()},
                                std::chrono::seconds(30));
  FL_ASSERT_OK(refused.status());
  EXPECT_NE(refused->exit_code, 0);
  EXPECT_THAT(refused->err, HasSubstr("Drain the node"));
  FL_EXPECT_OK(TcpClient::Open(client.network_namespace(), On(pod)).status());
}

// One family is enough: no packet decides.
INSTANTIATE_TEST_SUITE_P(OneFamily, FullMode, ::testing::Values(Family::kIpv4), NameOfFamily);

}  // namespace
}  // namespace fairlead::testing
