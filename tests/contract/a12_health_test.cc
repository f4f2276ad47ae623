// SPDX-License-Identifier: Apache-2.0
//
// Contract A12: what load balancers, probes and Prometheus ask of a node, by
// real daemons. Codes and bodies by time and state: proxy_health_test.cc.
#include <fmt/format.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "lab/clock.h"
#include "lab/objects.h"
#include "lab/process.h"
#include "tests/contract/http_client.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr uint16_t kHealthz = 10256;
constexpr uint16_t kMetrics = 10249;
constexpr uint16_t kCheck = 32100;
constexpr auto kSoon = std::chrono::seconds(20);

class A12 : public TwoNodes {
 protected:
  std::vector<std::string> DaemonFlags() const override {
    if (GetParam() == Family::kIpv4) return {};
    return {"--healthz-bind-address", "[::]:10256", "--metrics-bind-address", "[::1]:10249"};
  }
  HttpAnswer Ask(int number, uint16_t port, const std::string& path) {
    return HttpGet(node(2).network_namespace(), {AddressOf(node(number)), port}, path);
  }
  Endpoint Local(uint16_t port) const {
    return {*IpAddress::Parse(GetParam() == Family::kIpv4 ? "127.0.0.1" : "::1"), port};
  }
  HttpAnswer AskLocally(const std::string& path) {
    return HttpGet(node(1).network_namespace(), Local(kMetrics), path);
  }
  bool Comes(const std::function<bool()>& condition) { return lab::WaitUntil(condition, kSoon); }

  void PutBalancer(const std::string& name, int number, uint16_t check_port) {
    lab::Object service = lab::Object::parse(TestService{name, number}.Manifest());
    service["spec"]["type"] = "LoadBalancer";
    service["spec"]["externalTrafficPolicy"] = "Local";
    service["spec"]["healthCheckNodePort"] = check_port;
    FL_ASSERT_OK(lab().WriteManifest(name + ".json", lab::ToText(service)));
  }
  double Metric(const std::string& series) {
    const std::string text = "\n" + AskLocally("/metrics").body;
    const size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::atof(text.c_str() + at + series.size() + 2);
  }
  std::string OfFamily(const std::string& name) {
    return fmt::format("{}{{ip_family=\"{}\"}}", name, FamilyName(GetParam()));
  }
};

TEST_P(A12, A12_59_E7_health_check_node_port_counts_local_ready_endpoints) {
  PutBalancer("web", 50, kCheck);
  const lab::Pod web = AddPod(1, "web", "web");
  ASSERT_TRUE(Comes([&] { return Ask(1, kCheck, "/").code == 200; }));
  const HttpAnswer here = Ask(1, kCheck, "/any/path?at=all");
  EXPECT_EQ(here.code, 200);
  EXPECT_EQ(here.body,
            "{\n\t\"service\": {\n\t\t\"namespace\": \"default\",\n\t\t\"name\": \"web\"\n\t},\n"
            "\t\"localEndpoints\": 1,\n\t\"serviceProxyHealthy\": true\n}");
  EXPECT_THAT(here.headers, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(here.headers, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(here.headers, HasSubstr("\r\nX-Load-Balancing-Endpoint-Weight: 1\r\n"));
  const HttpAnswer elsewhere = Ask(2, kCheck, "/");
  EXPECT_EQ(elsewhere.code, 503);
  EXPECT_THAT(elsewhere.body, HasSubstr("\"localEndpoints\": 0,"));
  EXPECT_THAT(elsewhere.headers, HasSubstr("\r\nX-Load-Balancing-Endpoint-Weight: 0\r\n"));

  FL_ASSERT_OK(lab().SetReady("web", false));
  EXPECT_TRUE(Comes([&] { return Ask(1, kCheck, "/").code == 503; }));
}

TEST_P(A12, A12_59_HealthCheckNodePortMovesAndCloses) {
  PutBalancer("web", 50, kCheck);
  ASSERT_TRUE(Comes([&] { return Ask(1, kCheck, "/").code == 503; }));
  PutBalancer("web", 50, kCheck + 1);
  EXPECT_TRUE(Comes([&] { return Ask(1, kCheck + 1, "/").code == 503; }));
  EXPECT_EQ(Ask(1, kCheck, "/").code, 0);
  FL_ASSERT_OK(lab().RemoveManifest("web.json"));
  EXPECT_TRUE(Comes([&] { return Ask(1, kCheck + 1, "/").code == 0; }));
}

TEST_P(A12, A12_59_PortThatIsTakenIsAProblemOfItsServiceUntilItIsFree) {
  {
    const UniqueFd squatter =
        Serve(node(1).network_namespace(), SOCK_STREAM, {AddressOf(node(1)), kCheck});
    PutBalancer("web", 50, kCheck);
    EXPECT_TRUE(Comes([&] { return Metric("fairlead_problems{about=\"http\"}") == 1; }));
    EXPECT_THAT(lab::Tail(node(1).log_file(), 30),
                HasSubstr(fmt::format("Service default/web: healthCheckNodePort: listen on {}",
                                      Endpoint{AddressOf(node(1)), kCheck}.ToString())));
  }
  EXPECT_TRUE(Comes([&] { return Ask(1, kCheck, "/").code == 503; }));
  EXPECT_EQ(Metric("fairlead_problems{about=\"http\"}"), 0);
}

class SmallTables : public A12 {
 protected:
  std::vector<std::string> DaemonFlags() const override {
    std::vector<std::string> flags = A12::DaemonFlags();
    flags.insert(flags.end(), {"--max-services", "64"});
    return flags;
  }
};

TEST_P(SmallTables, A12_60_ATableThatIsFullIsAProblemAndLeavesTheRestAndTheNodeHealthy) {
  const lab::Pod web = AddPod(1, "web", "web"), client = AddPod(1, "client", "client");
  const TestService service = AddService("web", 50);
  const auto serving = ServeTcp(web);
  ASSERT_TRUE(Settles(client, service, {"web"}));
  const std::string failures = OfFamily("kubeproxy_sync_proxy_rules_nftables_sync_failures_total");
  EXPECT_EQ(Metric(failures), 0);

  lab::Object greedy = lab::Object::parse(TestService{"greedy", 51}.Manifest());
  greedy["spec"]["ports"] = lab::Object::array();
  for (int port = 1; port <= 100; ++port) {
    greedy["spec"]["ports"].push_back({{"name", fmt::format("p{}", port)}, {"port", port}});
  }
  FL_ASSERT_OK(lab().WriteManifest("greedy.json", lab::ToText(greedy)));
  EXPECT_TRUE(Comes([&] { return Metric(failures) >= 2; })) << "tried again";
  EXPECT_EQ(Metric("fairlead_problems{about=\"services\"}"), 1);
  // Nothing waits, so nothing will be late.
  EXPECT_EQ(Metric(OfFamily("kubeproxy_sync_proxy_rules_service_changes_pending")), 0);
  EXPECT_EQ(Ask(1, kHealthz, "/healthz").code, 200);
  EXPECT_TRUE(Settles(client, service, {"web"}));
  EXPECT_TRUE(Comes([&] {
    const auto status = lab().Run("node1", {"fairlead", "status", "-o", "json"}, kSoon);
    return status.ok() &&
           nlohmann::json::parse(status->out, nullptr, false)["noted"]["services"].dump().find(
               "default/greedy") != std::string::npos;
  })) << "and fairlead status says which";
}

TEST_P(A12, A12_60_HealthzAndLivezTellProxyFromNode) {
  const HttpAnswer healthz = Ask(1, kHealthz, "/healthz");
  EXPECT_THAT(healthz.headers, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(healthz.headers, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(healthz.headers, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  const auto body = nlohmann::json::parse(healthz.body);
  EXPECT_EQ(body["nodeEligible"], true);
  EXPECT_EQ(body["healthy"], true);
  EXPECT_EQ(body["lastUpdated"], body["currentTime"]);
  EXPECT_EQ(body["status"][FamilyName(GetParam())]["healthy"], true);
  EXPECT_FALSE(nlohmann::json::parse(Ask(1, kHealthz, "/livez").body).contains("nodeEligible"));
  EXPECT_EQ(Ask(1, kHealthz, "/").code, 404);

  ChangeNode([](lab::Object& node) {
    node["spec"]["taints"] = {
        {{"key", "ToBeDeletedByClusterAutoscaler"}, {"effect", "NoSchedule"}}};
  });
  EXPECT_TRUE(Comes([&] { return Ask(1, kHealthz, "/healthz").code == 503; }));
  EXPECT_THAT(Ask(1, kHealthz, "/healthz").body, HasSubstr("\"nodeEligible\":false"));
  EXPECT_EQ(Ask(1, kHealthz, "/livez").code, 200);

  ChangeNode([](lab::Object& node) { node["spec"].erase("taints"); });
  EXPECT_TRUE(Comes([&] { return Ask(1, kHealthz, "/healthz").code == 200; }));
  ChangeNode(
      [](lab::Object& node) { node["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  EXPECT_TRUE(Comes([&] { return Ask(1, kHealthz, "/healthz").code == 503; }));
}

TEST_P(A12, A12_61_E27_urls_of_kube_proxy) {
  const HttpAnswer mode = AskLocally("/proxyMode");
  EXPECT_EQ(mode.body, "ebpf");
  EXPECT_THAT(mode.headers, HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(mode.headers, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_EQ(AskLocally("/healthz").body, "ok");
  EXPECT_THAT(AskLocally("/metrics/slis").body,
              HasSubstr("kubernetes_healthchecks_total{name=\"ping\",status=\"success\","
                        "type=\"healthz\"} 1\n"));
  const auto config = nlohmann::json::parse(AskLocally("/configz").body);
  EXPECT_EQ(config["kubeproxy.config.k8s.io"]["hostnameOverride"], "node1");
  EXPECT_EQ(config["fairlead"]["devices"], "eth0");
  EXPECT_THAT(AskLocally("/flagz").body, HasSubstr("\nnode-name=node1\n"));
  EXPECT_THAT(AskLocally("/statusz").body, HasSubstr("\nUp: 0 hr 0"));
  EXPECT_EQ(AskLocally("/").code, 404);
  EXPECT_EQ(Ask(1, kMetrics, "/metrics").code, 0);  // on the loopback only
}

TEST_P(A12, A12_61_CrowdsAndSlowClientsKeepNobodyOut) {
  const lab::Pod web = AddPod(1, "web", "web"), client = AddPod(1, "client", "client");
  const TestService service = AddService("web", 50);
  const auto serving = ServeTcp(web);
  ASSERT_TRUE(Settles(client, service, {"web"}));
  const double memory = Metric("process_resident_memory_bytes");
  const double files = Metric("process_open_fds");
  std::vector<UniqueFd> crowd;
  for (int i = 0; i < 1000; ++i) {
    int error = 0;
    crowd.push_back(
        Connect(node(2).network_namespace(), SOCK_STREAM, {AddressOf(node(1)), kHealthz}, error));
    ASSERT_EQ(error, 0);
    // One says nothing, one ends no line, one ends no header.
    const std::string text = i % 3 == 0 ? ""
                             : i % 3 == 1
                                 ? "GET /heal"
                                 : "GET /healthz HTTP/1.1\r\nX: " + std::string(20000, 'x');
    send(crowd.back().get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  EXPECT_EQ(Ask(1, kHealthz, "/healthz").code, 200);
  EXPECT_EQ(Reached(client.network_namespace(), service.Front(GetParam()), 3),
            (std::multiset<std::string>{"web", "web", "web"}));
  AddPod(1, "late", "client");  // and the daemon goes on with its work
  EXPECT_LT(Metric("process_open_fds"), files + 400);
  EXPECT_LT(Metric("process_resident_memory_bytes"), memory + 8 * kMegabyte);
}

TEST_P(A12, A12_62_MetricsOfKubeProxyMove) {
  const double changes = Metric(OfFamily("kubeproxy_sync_proxy_rules_service_changes_total"));
  EXPECT_EQ(Metric(OfFamily("kubeproxy_network_programming_duration_seconds_count")), 0);
  PutBalancer("web", 50, kCheck);
  const bool ipv4 = GetParam() == Family::kIpv4;
  lab::Object slice = {
      {"apiVersion", "discovery.k8s.io/v1"},
      {"kind", "EndpointSlice"},
      {"metadata",
       {{"name", "web-by-hand"},
        {"namespace", "default"},
        {"labels", {{"kubernetes.io/service-name", "web"}}},
        {"annotations",
         {{"endpoints.kubernetes.io/last-change-trigger-time", "2999-01-01T00:00:00Z"}}}}},
      {"addressType", FamilyName(GetParam())},
      {"ports", lab::Object::array({{{"name", "main"}, {"port", 8080}}})},
      {"endpoints",
       lab::Object::array({{{"addresses", {ipv4 ? "10.244.2.77" : "fd00:10:244:2::77"}},
                            {"nodeName", "node2"}}})}};
  FL_ASSERT_OK(lab().WriteManifest("slice.json", lab::ToText(slice)));
  EXPECT_TRUE(Comes([&] {
    return Metric(OfFamily("kubeproxy_network_programming_duration_seconds_count")) == 1;
  }));
  EXPECT_EQ(Metric(OfFamily("kubeproxy_sync_proxy_rules_service_changes_total")), changes + 1);
  EXPECT_EQ(Metric(OfFamily("kubeproxy_sync_proxy_rules_service_changes_pending")), 0);
  EXPECT_EQ(Metric(fmt::format("kubeproxy_sync_proxy_rules_no_local_endpoints_total{{ip_family="
                               "\"{}\",traffic_policy=\"external\"}}",
                               FamilyName(GetParam()))),
            1);
  EXPECT_GT(Metric(OfFamily("kubeproxy_sync_proxy_rules_last_timestamp_seconds")), 1e9);
}

TEST_P(A12, A12_62_MetricsOfTheDataplaneOutliveTheDaemon) {
  const lab::Pod client = AddPod(1, "client", "client");
  const TestService service = AddService("web", 50);
  ASSERT_TRUE(Settles(client, service, {}));  // refused
  const std::string refused = fmt::format(
      "fairlead_dropped_packets_total{{hook=\"from_pod\",ip_family=\"{}\",reason=\"NO_"
      "BACKEND\"}}",
      FamilyName(GetParam()));
  const double before = Metric(refused);
  EXPECT_GT(before, 0);
  EXPECT_EQ(Metric("fairlead_pods"), 1);
  FL_ASSERT_OK(node(1).StopDaemon(SIGKILL, kSoon));
  const auto printed = lab::Run({.argv = {FAIRLEAD_PROGRAM, "--bpffs", node(1).bpffs(), "metrics"},
                                 .network_namespace = node(1).network_namespace()},
                                kSoon);
  FL_ASSERT_OK(printed.status());
  EXPECT_THAT(printed->out, HasSubstr(fmt::format("{} {}\n", refused, before)));
  EXPECT_THAT(printed->out, HasSubstr("\nfairlead_pods 1\n"));
  EXPECT_THAT(printed->out, Not(HasSubstr("kubeproxy_")));
}

FL_BOTH_FAMILIES(A12);
FL_BOTH_FAMILIES(SmallTables);

}  // namespace
}  // namespace fairlead::testing
