// SPDX-License-Identifier: Apache-2.0
#include "loader/metrics/dataplane_metrics.h"

#include <map>
#include <string_view>

#include "base/status_macros.h"
#include "maps/counter/verdict_counters.h"
#include "maps/usage/map_usage.h"
#include "prometheus/text_serializer.h"

namespace fairlead::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// In the order of DescribeDataplane().
enum Which {
  kForwardedPackets,
  kForwardedBytes,
  kDroppedPackets,
  kDroppedBytes,
  kMapEntries,
  kMapMaxEntries,
  kMapBytes,
  kFlows,
  kHalfOpen,
  kFrontends,
  kBackends,
  kPods,
  kNodes,
  kSourcePortsRefused,
};

void AddCounter(MetricFamily& family, Labels labels, uint64_t value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = static_cast<double>(value);
  family.metric.push_back(std::move(metric));
}

void AddGauge(MetricFamily& family, Labels labels, uint64_t value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = static_cast<double>(value);
  family.metric.push_back(std::move(metric));
}

absl::Status AddVerdicts(const Tables& tables, Families& families) {
  FL_ASSIGN_OR_RETURN(const std::vector<VerdictCount> counts, ReadAllVerdictCounts(tables));
  for (const VerdictCount& count : counts) {
    const bool drop = IsDrop(count.reason);
    const Labels labels = {{"hook", std::string(HookName(count.hook))},
                           {"ip_family", FamilyName(count.family)},
                           {drop ? "reason" : "verdict", std::string(VerdictName(count.reason))}};
    AddCounter(families[drop ? kDroppedPackets : kForwardedPackets], labels, count.packets);
    if (count.packets == 0) continue;
    AddCounter(families[drop ? kDroppedBytes : kForwardedBytes], labels, count.bytes);
  }
  return absl::OkStatus();
}

absl::Status AddMaps(const Tables& tables, const std::string& pins, Families& families) {
  FL_ASSIGN_OR_RETURN(const std::vector<MapUsage> maps, ReadMapUsage(tables, pins));
  std::map<std::string, uint64_t> used;
  for (const MapUsage& map : maps) {
    const Labels labels = {{"map", map.name}};
    if (map.used.has_value()) AddGauge(families[kMapEntries], labels, *map.used);
    AddGauge(families[kMapMaxEntries], labels, map.max);
    AddGauge(families[kMapBytes], labels, map.memory_bytes);
    used[map.name] = map.used.value_or(0);
  }
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const std::string digit = std::to_string(static_cast<int>(family));
    const Labels labels = {{"ip_family", FamilyName(family)}};
    AddGauge(families[kFlows], labels, used["flows" + digit]);
    AddGauge(families[kHalfOpen], labels, used["half_open" + digit]);
    AddGauge(families[kFrontends], labels, used["services" + digit]);
    AddGauge(families[kBackends], labels, used["backends" + digit]);
  }
  AddGauge(families[kPods], {}, used["pods"]);
  AddGauge(families[kNodes], {}, used["nodes"]);
  return absl::OkStatus();
}

}  // namespace

Families DescribeDataplane() {
  return {
      {"fairlead_forwarded_packets_total",
       "Packets that a hook let pass, sent on or answered, by what became of them",
       MetricType::Counter,
       {}},
      {"fairlead_forwarded_bytes_total",
       "Their bytes; a series appears with its first packet",
       MetricType::Counter,
       {}},
      {"fairlead_dropped_packets_total",
       "Packets that a hook dropped, by reason (fairlead drops explains them)",
       MetricType::Counter,
       {}},
      {"fairlead_dropped_bytes_total",
       "Their bytes; a series appears with its first packet",
       MetricType::Counter,
       {}},
      {"fairlead_map_entries",
       "Entries in use of a BPF map, where that is not constant",
       MetricType::Gauge,
       {}},
      {"fairlead_map_max_entries", "Entries that a BPF map has room for", MetricType::Gauge, {}},
      {"fairlead_map_memory_bytes", "Kernel memory of a BPF map", MetricType::Gauge, {}},
      {"fairlead_flows",
       "Established flows that are remembered, expired ones until they are swept",
       MetricType::Gauge,
       {}},
      {"fairlead_half_open_entries",
       "Places that are taken in the table of flows nobody has answered, two for a flow",
       MetricType::Gauge,
       {}},
      {"fairlead_frontends",
       "Addresses and ports of Services that this node serves",
       MetricType::Gauge,
       {}},
      {"fairlead_backends", "Backends of Services, draining ones too", MetricType::Gauge, {}},
      {"fairlead_pods", "Pods of this node", MetricType::Gauge, {}},
      {"fairlead_nodes", "Other nodes of the cluster", MetricType::Gauge, {}},
      {"fairlead_source_ports_refused_total",
       "Packets of this node's present pods to the world that found no free source port",
       MetricType::Counter,
       {}},
  };
}

absl::StatusOr<Families> ReadDataplane(const Tables& tables, const std::string& pins) {
  Families families = DescribeDataplane();
  FL_RETURN_IF_ERROR(AddVerdicts(tables, families));
  FL_RETURN_IF_ERROR(AddMaps(tables, pins, families));
  uint64_t refused = 0;
  for (uint32_t slot = 0; slot < tables.snat_refused.size(); ++slot) {
    refused += tables.snat_refused[slot];
  }
  AddCounter(families[kSourcePortsRefused], {}, refused);
  return families;
}

std::string ToText(const Families& families) {
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace fairlead::metrics
