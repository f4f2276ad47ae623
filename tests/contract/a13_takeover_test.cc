// SPDX-License-Identifier: Apache-2.0
//
// Contract A13.64: a node on which kube-proxy ran, with the rules of a real
// one, is taken over in the middle of its connections.
//
//   outside ──▶ node1:30777 ─────────┐ DNAT, masqueraded
//                                    ├──▶ pod:8080     then: fairlead
//   process of node1 ──▶ ClusterIP ──┘ DNAT
#include <fmt/format.h>

#include <cstdlib>
#include <list>

#include "base/durable_file.h"
#include "lab/clock.h"
#include "lab/network_namespace.h"
#include "tests/contract/http_client.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kSoon = std::chrono::seconds(20);
constexpr uint16_t kFrontPort = 7777;
constexpr uint16_t kNodePort = 30777;
constexpr char kClusterIp4[] = "10.96.100.100";
constexpr char kClusterIp6[] = "fd00:10:96::777";

void Replace(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string RulesOf(const std::string& file) {
  absl::StatusOr<std::string> text = ReadWholeFile(FAIRLEAD_TEST_DATA "/kube-proxy/" + file);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

class KubeProxyOnTheNode : public TwoNodes {
 protected:
  std::vector<std::string> DaemonFlags() const override { return {"--adopt-kube-proxy"}; }

  std::string RunOnNode(const std::vector<std::string>& argv, const std::string& input = "") {
    const auto ran =
        lab::Run({.argv = argv, .network_namespace = node(1).network_namespace(), .input = input},
                 std::chrono::seconds(60));
    EXPECT_TRUE(ran.ok() && ran->exit_code == 0) << argv[0] << ": " << ran.status() << ran->err;
    return ran.ok() ? ran->out : "";
  }

  // As if it had been there before us: the daemon is away, and Services are not known to it.
  void LetKubeProxyRun(const std::string& mode, const lab::Pod& pod) {
    FL_ASSERT_OK(lab().StopDaemon(node(1), SIGTERM));
    const bool nftables = mode == "nftables";
    std::string rules = RulesOf(nftables ? "nftables.nft" : "iptables.rules");
    Replace(rules, "198.18.0.11 ", node(1).ipv4() + " ");
    Replace(rules, "10.244.1.3 . 7777 }", pod.ipv4() + " . 8080 }");
    Replace(rules, "10.244.1.3:7777", pod.ipv4() + ":8080");
    RunOnNode(nftables ? std::vector<std::string>{"nft", "-f", "-"}
                       : std::vector<std::string>{"iptables-restore"},
              rules);
    std::string rules6 = RulesOf(nftables ? "bench6.nft" : "bench6.rules");
    Replace(rules6, "@POD@", pod.ipv6());
    RunOnNode(nftables ? std::vector<std::string>{"nft", "-f", "-"}
                       : std::vector<std::string>{"ip6tables-restore"},
              rules6);
    RunOnNode({"nft", "add table inet somebodys"});
  }

  void WriteService() {
    FL_ASSERT_OK(lab().WriteManifest(
        "bench.json",
        lab::ToText({{"apiVersion", "v1"},
                     {"kind", "Service"},
                     {"metadata", {{"name", "bench"}, {"namespace", "default"}}},
                     {"spec",
                      {{"type", "NodePort"},
                       {"clusterIP", kClusterIp4},
                       {"clusterIPs", lab::Object::array({kClusterIp4, kClusterIp6})},
                       {"ipFamilies", lab::Object::array({"IPv4", "IPv6"})},
                       {"ipFamilyPolicy", "RequireDualStack"},
                       {"selector", {{"app", "bench"}}},
                       {"ports", lab::Object::array({{{"protocol", "TCP"},
                                                      {"port", kFrontPort},
                                                      {"nodePort", kNodePort},
                                                      {"targetPort", kPodPort}}})}}}})));
  }

  int Problems(const std::string& about) {
    const std::string text =
        HttpGet(node(1).network_namespace(), {*IpAddress::Parse("127.0.0.1"), 10249}, "/metrics")
            .body;
    const std::string series = fmt::format("\nfairlead_problems{{about=\"{}\"}} ", about);
    const size_t at = text.find(series);
    return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + series.size());
  }

  Endpoint NodePort() const { return {AddressOf(node(1)), kNodePort}; }
  Endpoint ClusterIp() const {
    return {*IpAddress::Parse(GetParam() == Family::kIpv4 ? kClusterIp4 : kClusterIp6), kFrontPort};
  }

  void ExpectTakenOver(const std::string& mode) {
    const lab::Pod pod = AddPod(1, "bench", "bench");
    const auto serving = ServeTcp(pod);
    LetKubeProxyRun(mode, pod);
    auto from_outside = TcpClient::Open(Outside(), NodePort());
    FL_ASSERT_OK(from_outside.status());
    EXPECT_NE(from_outside->seen_as(), OutsideAddress()) << "kube-proxy masquerades";
    auto from_node = TcpClient::Open(node(1).network_namespace(), ClusterIp());
    FL_ASSERT_OK(from_node.status());
    EndlessDownload download(*std::move(from_outside)), own_download(*std::move(from_node));
    ASSERT_TRUE(download.Advances(kMegabyte));
    ASSERT_TRUE(own_download.Advances(kMegabyte));

    WriteService();
    FL_ASSERT_OK(lab().StartDaemon(node(1)));
    EXPECT_TRUE(download.Advances(16 * kMegabyte));
    EXPECT_TRUE(own_download.Advances(16 * kMegabyte));
    FL_EXPECT_OK(download.Finish());
    FL_EXPECT_OK(own_download.Finish());

    const std::string left = RunOnNode({"nft", "list", "ruleset"});
    EXPECT_THAT(left, AllOf(Not(HasSubstr("KUBE-S")), Not(HasSubstr("kube-proxy")),
                            HasSubstr("table inet somebodys")));
    // Ours now: the server sees who it is.
    const auto after = TcpClient::Open(Outside(), NodePort());
    FL_ASSERT_OK(after.status());
    EXPECT_EQ(after->seen_as(), OutsideAddress());
  }
};

// What kube-proxy sends on has this node's address; the answers come back to our hooks.
TEST_P(KubeProxyOnTheNode, A13_64_connections_to_a_pod_elsewhere_go_on) {
  const lab::Pod there = AddPod(2, "bench", "bench");
  const auto serving = ServeTcp(there);
  LetKubeProxyRun("nftables", there);
  std::list<EndlessDownload> downloads;
  for (const auto& [from, front] :
       {std::pair{Outside(), NodePort()}, {node(1).network_namespace(), ClusterIp()}}) {
    auto connected = TcpClient::Open(from, front);
    FL_ASSERT_OK(connected.status());
    downloads.emplace_back(*std::move(connected));
    ASSERT_TRUE(downloads.back().Advances(kMegabyte)) << from;
  }
  WriteService();
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  for (EndlessDownload& download : downloads) {
    EXPECT_TRUE(download.Advances(16 * kMegabyte));
    FL_EXPECT_OK(download.Finish());
  }
}

TEST_P(KubeProxyOnTheNode, A13_64_connections_through_its_nftables_go_on_without_them) {
  ExpectTakenOver("nftables");
}

TEST_P(KubeProxyOnTheNode, A13_64_connections_through_its_iptables_go_on_without_them) {
  ExpectTakenOver("iptables");
}

// Only the rule of others keeps kube-proxy's; Services are as they should be.
TEST_P(KubeProxyOnTheNode, A13_64_rules_that_somebody_leads_to_go_when_nobody_does) {
  LetKubeProxyRun("iptables", AddPod(1, "bench", "bench"));
  const std::string family = GetParam() == Family::kIpv4 ? "ip" : "ip6";
  RunOnNode({"nft", fmt::format("add chain {0} nat MINE; add chain {0} nat KUBE-MARK-MASQ; "
                                "add rule {0} nat MINE jump KUBE-MARK-MASQ",
                                family)});
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  EXPECT_EQ(Problems("takeover"), 1);
  EXPECT_EQ(Problems("services"), 0);
  EXPECT_THAT(RunOnNode({"nft", "list", "ruleset"}), HasSubstr("KUBE-SERVICES"));
  RunOnNode({"nft", fmt::format("flush chain {} nat MINE", family)});
  EXPECT_TRUE(lab::WaitUntil([&] { return Problems("takeover") == 0; }, kSoon));
  EXPECT_THAT(RunOnNode({"nft", "list", "ruleset"}), Not(HasSubstr("KUBE-SERVICES")));
}

// Translated by others, as a container runtime's published ports are.
TEST_P(KubeProxyOnTheNode, A13_64_without_its_rules_nothing_is_done_to_the_firewall) {
  const lab::Pod pod = AddPod(1, "bench", "bench");
  const auto serving = ServeTcp(pod);
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGTERM));
  const bool ipv4 = GetParam() == Family::kIpv4;
  const Endpoint published{*IpAddress::Parse(ipv4 ? kClusterIp4 : kClusterIp6), 8888};
  RunOnNode({"nft", "-f", "-"},
            fmt::format("table {0} published {{\nchain output {{\n"
                        "type nat hook output priority -100;\n"
                        "{0} daddr {1} tcp dport 8888 dnat to {2}\n}}\n}}\n",
                        ipv4 ? "ip" : "ip6", published.address.ToString(), On(pod).ToString()));
  auto client = TcpClient::Open(node(1).network_namespace(), published);
  FL_ASSERT_OK(client.status());
  EndlessDownload download(*std::move(client));
  ASSERT_TRUE(download.Advances(kMegabyte));
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  EXPECT_TRUE(download.Advances(16 * kMegabyte));
  FL_EXPECT_OK(download.Finish());
  EXPECT_THAT(RunOnNode({"nft", "list", "ruleset"}), Not(HasSubstr("fairlead")));
}

FL_BOTH_FAMILIES(KubeProxyOnTheNode);

}  // namespace
}  // namespace fairlead::testing
