// SPDX-License-Identifier: Apache-2.0
//
// Codes and bodies of /healthz, /livez and healthCheckNodePorts, byte for byte,
// and what the record of changes makes of them.
#include "loader/daemon/proxy_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/daemon/proxy_record.h"
#include "loader/kube/store_fixture.h"

namespace fairlead {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

// 2026-01-02T03:04:05.5Z and as many seconds more.
ProxyHealth::Instant At(int later) {
  return {std::chrono::system_clock::time_point(milliseconds(1767323045500) + seconds(later)),
          std::chrono::steady_clock::time_point(seconds(1000 + later))};
}

kube::Node NodeWith(const std::string& taint) {
  kube::Node node;
  node.taints.push_back({taint, "", "NoSchedule"});
  return node;
}

TEST(ProxyHealth, IsGoodFromTheStart) {
  const http::Response response = ProxyHealth().Healthz(At(0));
  EXPECT_EQ(response.code, 200);
  EXPECT_EQ(response.body,
            R"({"lastUpdated":"2026-01-02T03:04:05.5Z","currentTime":"2026-01-02T03:04:05.5Z",)"
            R"("nodeEligible":true,"healthy":true,"status":{)"
            R"("IPv4":{"lastUpdated":"0001-01-01T00:00:00Z","healthy":true},)"
            R"("IPv6":{"lastUpdated":"0001-01-01T00:00:00Z","healthy":true}}})");
}

TEST(ProxyRecord, DoesNotWaitForASliceOfNoService) {
  kube::ObjectStore store = kube::StoreOf(
      "kind: EndpointSlice\napiVersion: discovery.k8s.io/v1\nmetadata: {namespace: a, name: b}\n"
      "addressType: IPv4\nendpoints: [{addresses: [10.0.0.1]}]\n");
  ProxyRecord record(At(0));
  record.Queued(store.TakeChanges(), store, At(1));
  EXPECT_EQ(record.health().Livez(At(1000)).code, 200);
}

TEST(ProxyHealth, FailsWhenAChangeIsLate) {
  ProxyHealth health;
  health.Updated(At(0));
  health.Queued(At(10));
  health.Queued(At(50));  // the first one counts
  EXPECT_EQ(health.Healthz(At(69)).code, 200);
  EXPECT_EQ(health.Livez(At(70)).code, 503);
  EXPECT_EQ(health.Livez(At(70)).body,
            R"({"lastUpdated":"2026-01-02T03:04:05.5Z","currentTime":"2026-01-02T03:05:15.5Z",)"
            R"("healthy":false,"status":{)"
            R"("IPv4":{"lastUpdated":"2026-01-02T03:04:05.5Z","healthy":false},)"
            R"("IPv6":{"lastUpdated":"2026-01-02T03:04:05.5Z","healthy":false}}})");
  health.Updated(At(71));
  EXPECT_EQ(health.Healthz(At(200)).code, 200);
}

TEST(ProxyHealth, FailsOnANodeThatIsGoingButLives) {
  ProxyHealth health;
  kube::Node deleting;
  deleting.meta.deleting = true;
  const kube::Node doomed = NodeWith("ToBeDeletedByClusterAutoscaler");
  for (const kube::Node* node : {static_cast<const kube::Node*>(nullptr), &doomed,
                                 static_cast<const kube::Node*>(&deleting)}) {
    health.SetNode(node);
    EXPECT_EQ(health.Healthz(At(0)).code, 503);
    EXPECT_THAT(health.Healthz(At(0)).body, HasSubstr(R"("nodeEligible":false,"healthy":true,)"));
    EXPECT_EQ(health.Livez(At(0)).code, 200);
    EXPECT_THAT(health.Livez(At(0)).body, Not(HasSubstr("nodeEligible")));
  }
  const kube::Node other = NodeWith("node.kubernetes.io/unschedulable");
  health.SetNode(&other);
  EXPECT_EQ(health.Healthz(At(0)).code, 200);
}

TEST(HealthCheckAnswer, IsKubeProxysByteForByte) {
  const http::Response good = AnswerHealthCheck({"shop", "web"}, 2, true);
  EXPECT_EQ(good.code, 200);
  EXPECT_EQ(good.body,
            "{\n\t\"service\": {\n\t\t\"namespace\": \"shop\",\n\t\t\"name\": \"web\"\n\t},\n"
            "\t\"localEndpoints\": 2,\n\t\"serviceProxyHealthy\": true\n}");
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"Content-Type", "application/json"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Load-Balancing-Endpoint-Weight", "2"}};
  EXPECT_EQ(good.headers, headers);
  EXPECT_EQ(AnswerHealthCheck({"shop", "web"}, 0, true).code, 503);
  EXPECT_EQ(AnswerHealthCheck({"shop", "web"}, 2, false).code, 503);
}

TEST(HealthCheckAnswer, IsJsonWhateverTheNameIs) {
  EXPECT_THAT(AnswerHealthCheck({"shop", "a\"b\n"}, 0, true).body,
              HasSubstr(R"("name": "a\"b\n")"));
}

class Record : public ::testing::Test {
 protected:
  // A slice of web with this address, changed at the time of At(trigger).
  void Put(const std::string& address, const std::string& trigger) {
    const std::string yaml =
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
        "metadata: {name: web-1, labels: {kubernetes.io/service-name: web}, annotations: "
        "{endpoints.kubernetes.io/last-change-trigger-time: \"" +
        trigger + "\"}}\naddressType: IPv4\nports: [{port: 80}]\nendpoints: [{addresses: [" +
        address + "]}]\n";
    kube::PutAll(yaml, store_);
  }
  void ApplyAt(int second) {
    record_.Queued(store_.TakeChanges(), store_, At(second));
    record_.Applied(Outcome::kDone, At(second), At(second));
  }
  std::string Metrics() const { return metrics::ToText(record_.metrics().Collect()); }
  static std::string Programmed(const char* which, int value) {
    return std::string("kubeproxy_network_programming_duration_seconds_") + which +
           "{ip_family=\"IPv4\"} " + std::to_string(value) + "\n";
  }

  kube::ObjectStore store_;
  ProxyRecord record_{At(0)};
};

TEST_F(Record, MeasuresFromTheTriggerTimeToTheTables) {
  Put("10.1.0.1", "2026-01-02T03:04:06.5Z");
  ApplyAt(4);
  EXPECT_THAT(Metrics(), HasSubstr(Programmed("count", 1)));
  EXPECT_THAT(Metrics(), HasSubstr(Programmed("sum", 3)));
}

TEST_F(Record, MeasuresRealChangesOnly) {
  Put("10.1.0.1", "2026-01-02T03:04:04Z");  // before the start
  ApplyAt(4);
  EXPECT_THAT(Metrics(), HasSubstr(Programmed("count", 0)));
  Put("10.1.0.1", "2026-01-02T03:04:07Z");  // the same endpoints
  ApplyAt(5);
  EXPECT_THAT(Metrics(), HasSubstr(Programmed("count", 0)));
  Put("10.1.0.2", "yesterday");
  ApplyAt(6);
  EXPECT_THAT(Metrics(), HasSubstr(Programmed("count", 0)));
  EXPECT_THAT(Metrics(), HasSubstr("endpoint_changes_total{ip_family=\"IPv4\"} 3\n"));
}

TEST_F(Record, AFailureKeepsTheChangePending) {
  Put("10.1.0.1", "2026-01-02T03:04:06Z");
  record_.Queued(store_.TakeChanges(), store_, At(1));
  record_.Applied(Outcome::kFailed, At(1), At(1));
  EXPECT_TRUE(record_.health().IsHealthy(At(60)));
  EXPECT_FALSE(record_.health().IsHealthy(At(61)));
  EXPECT_THAT(Metrics(), HasSubstr("endpoint_changes_pending{ip_family=\"IPv4\"} 1\n"));
  EXPECT_THAT(Metrics(), HasSubstr("nftables_sync_failures_total{ip_family=\"IPv4\"} 1\n"));
  record_.Applied(Outcome::kDone, At(62), At(62));
  EXPECT_TRUE(record_.health().IsHealthy(At(1000)));
  EXPECT_THAT(Metrics(), HasSubstr("endpoint_changes_pending{ip_family=\"IPv4\"} 0\n"));
}

TEST_F(Record, ALackOfRoomIsCountedAndHarmsNoHealth) {
  Put("10.1.0.1", "2026-01-02T03:04:06Z");
  record_.Queued(store_.TakeChanges(), store_, At(1));
  record_.Applied(Outcome::kLacksRoom, At(1), At(1));
  EXPECT_TRUE(record_.health().IsHealthy(At(1000)));
  EXPECT_THAT(Metrics(), HasSubstr("endpoint_changes_pending{ip_family=\"IPv4\"} 0\n"));
  EXPECT_THAT(Metrics(), HasSubstr("nftables_sync_failures_total{ip_family=\"IPv4\"} 1\n"));
}

TEST_F(Record, ALackOfRoomAfterAFailureIsHealthyAgain) {
  record_.Applied(Outcome::kFailed, At(0), At(0));
  EXPECT_FALSE(record_.health().IsHealthy(At(61)));
  record_.Applied(Outcome::kLacksRoom, At(61), At(62));
  EXPECT_TRUE(record_.health().IsHealthy(At(1000)));
}

}  // namespace
}  // namespace fairlead
