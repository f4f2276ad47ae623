// SPDX-License-Identifier: Apache-2.0
#include "loader/metrics/proxy_metrics.h"

#include <string>
#include <vector>

#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"

namespace fairlead::metrics {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;
using Buckets = Histogram::BucketBoundaries;
using Labels = std::map<std::string, std::string>;

// From a millisecond, doubling.
Buckets DurationBuckets() {
  Buckets buckets;
  for (double bound = 0.001; buckets.size() < 15; bound *= 2) buckets.push_back(bound);
  return buckets;
}

// Finer than the service level objective asks for, up to five minutes.
Buckets ProgrammingBuckets() {
  Buckets buckets = {0.25, 0.5};
  for (int second = 1; second < 60; ++second) buckets.push_back(second);
  for (int second = 60; second < 120; second += 5) buckets.push_back(second);
  for (int second = 120; second <= 300; second += 30) buckets.push_back(second);
  return buckets;
}

std::string Name(const char* name) { return std::string("kubeproxy_") + name; }

template <typename Builder>
auto& Build(Builder builder, const char* name, const char* help, Registry& registry) {
  return builder.Name(Name(name)).Help(help).Register(registry);
}

Counter& AddCounter(Registry& registry, const char* name, const char* help, const Labels& labels) {
  return Build(prometheus::BuildCounter(), name, help, registry).Add(labels);
}
Gauge& AddGauge(Registry& registry, const char* name, const char* help, const Labels& labels) {
  return Build(prometheus::BuildGauge(), name, help, registry).Add(labels);
}
Histogram& AddHistogram(Registry& registry, const char* name, const char* help,
                        const Labels& labels, const Buckets& buckets) {
  return Build(prometheus::BuildHistogram(), name, help, registry).Add(labels, buckets);
}

Labels LabelsOf(Family family) { return {{"ip_family", FamilyName(family)}}; }
Labels LabelsOf(Family family, const char* policy) {
  return {{"ip_family", FamilyName(family)}, {"traffic_policy", policy}};
}

double Timestamp(ProxyMetrics::Clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

struct ProxyMetrics::OfFamily {
  OfFamily(Registry& registry, Family family)
      : sync(AddHistogram(registry, "sync_proxy_rules_duration_seconds",
                          "SyncProxyRules latency in seconds", LabelsOf(family),
                          DurationBuckets())),
        full(AddHistogram(registry, "sync_full_proxy_rules_duration_seconds",
                          "SyncProxyRules latency in seconds for full resyncs", LabelsOf(family),
                          DurationBuckets())),
        partial(AddHistogram(registry, "sync_partial_proxy_rules_duration_seconds",
                             "SyncProxyRules latency in seconds for partial resyncs",
                             LabelsOf(family), DurationBuckets())),
        last(AddGauge(registry, "sync_proxy_rules_last_timestamp_seconds",
                      "The last time proxy rules were successfully synced", LabelsOf(family))),
        last_queued(AddGauge(registry, "sync_proxy_rules_last_queued_timestamp_seconds",
                             "The last time a sync of proxy rules was queued", LabelsOf(family))),
        programming(AddHistogram(registry, "network_programming_duration_seconds",
                                 "In Cluster Network Programming Latency in seconds",
                                 LabelsOf(family), ProgrammingBuckets())),
        endpoints_pending(AddGauge(registry, "sync_proxy_rules_endpoint_changes_pending",
                                   "Pending proxy rules Endpoint changes", LabelsOf(family))),
        endpoints(AddCounter(registry, "sync_proxy_rules_endpoint_changes_total",
                             "Cumulative proxy rules Endpoint changes", LabelsOf(family))),
        services_pending(AddGauge(registry, "sync_proxy_rules_service_changes_pending",
                                  "Pending proxy rules Service changes", LabelsOf(family))),
        services(AddCounter(registry, "sync_proxy_rules_service_changes_total",
                            "Cumulative proxy rules Service changes", LabelsOf(family))),
        no_local_internal(AddGauge(registry, "sync_proxy_rules_no_local_endpoints_total",
                                   "Number of services with a Local traffic policy and no "
                                   "endpoints",
                                   LabelsOf(family, "internal"))),
        no_local_external(AddGauge(registry, "sync_proxy_rules_no_local_endpoints_total",
                                   "Number of services with a Local traffic policy and no "
                                   "endpoints",
                                   LabelsOf(family, "external"))),
        failures(AddCounter(registry, "sync_proxy_rules_nftables_sync_failures_total",
                            "Syncs that failed: here, of the BPF tables", LabelsOf(family))) {
    // There are no rules to clean up and no nf_conntrack entries to delete.
    AddCounter(registry, "sync_proxy_rules_nftables_cleanup_failures_total",
               "Always 0: there is nothing to clean up", LabelsOf(family));
    AddHistogram(registry, "conntrack_reconciler_sync_duration_seconds",
                 "Never observed: flows end by themselves when their backend goes",
                 LabelsOf(family), DurationBuckets());
    AddCounter(registry, "conntrack_reconciler_deleted_entries_total",
               "Always 0: flows end by themselves when their backend goes", LabelsOf(family));
  }

  Histogram& sync;
  Histogram& full;
  Histogram& partial;
  Gauge& last;
  Gauge& last_queued;
  Histogram& programming;
  Gauge& endpoints_pending;
  Counter& endpoints;
  Gauge& services_pending;
  Counter& services;
  Gauge& no_local_internal;
  Gauge& no_local_external;
  Counter& failures;
};

ProxyMetrics::ProxyMetrics() {
  families_[0] = std::make_unique<OfFamily>(registry_, Family::kIpv4);
  families_[1] = std::make_unique<OfFamily>(registry_, Family::kIpv6);
  healthz_ = &Build(prometheus::BuildCounter(), "proxy_healthz_total",
                    "Cumulative proxy healthz HTTP status", registry_);
  livez_ = &Build(prometheus::BuildCounter(), "proxy_livez_total",
                  "Cumulative proxy livez HTTP status", registry_);
  for (const char* code : {"200", "503"}) {
    healthz_->Add({{"code", code}});
    livez_->Add({{"code", code}});
  }
  AddCounter(registry_, "iptables_ct_state_invalid_dropped_packets_total",
             "Always 0: see fairlead_dropped_packets_total", {});
  AddCounter(registry_, "iptables_localhost_nodeports_accepted_packets_total",
             "Always 0: nothing is accepted for 127.0.0.1 by iptables", {});
}

ProxyMetrics::~ProxyMetrics() = default;

void ProxyMetrics::ServicesChanged(Family family, size_t count, Clock::time_point now) {
  if (count == 0) return;
  of(family).services.Increment(static_cast<double>(count));
  of(family).services_pending.Increment(static_cast<double>(count));
  of(family).last_queued.Set(Timestamp(now));
}

void ProxyMetrics::EndpointSlicesChanged(Family family, size_t count, Clock::time_point now) {
  if (count == 0) return;
  of(family).endpoints.Increment(static_cast<double>(count));
  of(family).endpoints_pending.Increment(static_cast<double>(count));
  of(family).last_queued.Set(Timestamp(now));
}

void ProxyMetrics::Synced(Family family, Sync sync, Seconds took, Clock::time_point now) {
  of(family).sync.Observe(took.count());
  (sync == Sync::kFull ? of(family).full : of(family).partial).Observe(took.count());
  of(family).last.Set(Timestamp(now));
  of(family).endpoints_pending.Set(0);
  of(family).services_pending.Set(0);
}

void ProxyMetrics::SyncFailed(Family family) { of(family).failures.Increment(); }

void ProxyMetrics::Programmed(Family family, Seconds took) {
  of(family).programming.Observe(took.count());
}

void ProxyMetrics::SetWithoutLocalEndpoints(Family family, size_t internal, size_t external) {
  of(family).no_local_internal.Set(static_cast<double>(internal));
  of(family).no_local_external.Set(static_cast<double>(external));
}

void ProxyMetrics::CountHealthz(int code) {
  healthz_->Add({{"code", std::to_string(code)}}).Increment();
}

void ProxyMetrics::CountLivez(int code) {
  livez_->Add({{"code", std::to_string(code)}}).Increment();
}

}  // namespace fairlead::metrics
