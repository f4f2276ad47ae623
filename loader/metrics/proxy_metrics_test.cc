// SPDX-License-Identifier: Apache-2.0
//
// Names and values as kube-proxy's dashboards ask for them.
#include "loader/metrics/proxy_metrics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::metrics {
namespace {

using ::testing::HasSubstr;

const ProxyMetrics::Clock::time_point kNow{std::chrono::seconds(1000)};

TEST(ProxyMetrics, F_have_kube_proxys_names_from_the_start) {
  const std::string text = ToText(ProxyMetrics().Collect());
  for (const char* name :
       {"sync_proxy_rules_duration_seconds", "sync_full_proxy_rules_duration_seconds",
        "sync_partial_proxy_rules_duration_seconds", "sync_proxy_rules_last_timestamp_seconds",
        "sync_proxy_rules_last_queued_timestamp_seconds", "network_programming_duration_seconds",
        "sync_proxy_rules_endpoint_changes_pending", "sync_proxy_rules_endpoint_changes_total",
        "sync_proxy_rules_service_changes_pending", "sync_proxy_rules_service_changes_total",
        "sync_proxy_rules_no_local_endpoints_total",
        "sync_proxy_rules_nftables_sync_failures_total",
        "sync_proxy_rules_nftables_cleanup_failures_total", "proxy_healthz_total",
        "proxy_livez_total", "conntrack_reconciler_sync_duration_seconds",
        "conntrack_reconciler_deleted_entries_total",
        "iptables_ct_state_invalid_dropped_packets_total",
        "iptables_localhost_nodeports_accepted_packets_total"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n# TYPE kubeproxy_") + name + " ")) << name;
  }
}

TEST(ProxyMetrics, PendingChangesAreSyncedAndCounted) {
  ProxyMetrics metrics;
  metrics.ServicesChanged(Family::kIpv4, 3, kNow);
  metrics.EndpointSlicesChanged(Family::kIpv4, 2, kNow);
  std::string text = ToText(metrics.Collect());
  EXPECT_THAT(
      text,
      HasSubstr("kubeproxy_sync_proxy_rules_service_changes_pending{ip_family=\"IPv4\"} 3\n"));
  EXPECT_THAT(
      text,
      HasSubstr("kubeproxy_sync_proxy_rules_endpoint_changes_pending{ip_family=\"IPv4\"} 2\n"));
  EXPECT_THAT(
      text,
      HasSubstr("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family=\"IPv4\"} "
                "1000\n"));
  metrics.Synced(Family::kIpv4, Sync::kPartial, std::chrono::milliseconds(3), kNow);
  text = ToText(metrics.Collect());
  EXPECT_THAT(
      text,
      HasSubstr("kubeproxy_sync_proxy_rules_service_changes_pending{ip_family=\"IPv4\"} 0\n"));
  EXPECT_THAT(
      text, HasSubstr("kubeproxy_sync_proxy_rules_service_changes_total{ip_family=\"IPv4\"} 3\n"));
  EXPECT_THAT(
      text,
      HasSubstr("kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family=\"IPv4\"} 1000\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "kubeproxy_sync_partial_proxy_rules_duration_seconds_count{ip_family=\"IPv4\"} 1\n"));
  EXPECT_THAT(
      text,
      HasSubstr("kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family=\"IPv4\"} 0\n"));
}

TEST(ProxyMetrics, BucketsAreKubeProxys) {
  ProxyMetrics metrics;
  metrics.Programmed(Family::kIpv6, std::chrono::milliseconds(300));
  metrics.Synced(Family::kIpv6, Sync::kFull, std::chrono::milliseconds(3), kNow);
  const std::string text = ToText(metrics.Collect());
  const auto programmed = [](const char* bound, int count) {
    return fmt::format(
        "kubeproxy_network_programming_duration_seconds_bucket{{ip_family=\"IPv6\",le=\"{}\"}} "
        "{}\n",
        bound, count);
  };
  EXPECT_THAT(text, HasSubstr(programmed("0.25", 0)));
  EXPECT_THAT(text, HasSubstr(programmed("0.5", 1)));
  for (const char* bound : {"1", "59", "60", "65", "115", "120", "150", "300", "+Inf"}) {
    EXPECT_THAT(text, HasSubstr(programmed(bound, 1)));
  }
  EXPECT_THAT(text, HasSubstr("sync_proxy_rules_duration_seconds_bucket{ip_family=\"IPv6\","
                              "le=\"0.002\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("sync_proxy_rules_duration_seconds_bucket{ip_family=\"IPv6\","
                              "le=\"0.004\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sync_proxy_rules_duration_seconds_bucket{ip_family=\"IPv6\","
                              "le=\"16.384\"} 1\n"));
}

TEST(ProxyMetrics, AnswersAreCountedByCode) {
  ProxyMetrics metrics;
  metrics.CountHealthz(503);
  metrics.CountLivez(200);
  const std::string text = ToText(metrics.Collect());
  EXPECT_THAT(text, HasSubstr("kubeproxy_proxy_healthz_total{code=\"503\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kubeproxy_proxy_healthz_total{code=\"200\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("kubeproxy_proxy_livez_total{code=\"200\"} 1\n"));
}

}  // namespace
}  // namespace fairlead::metrics
