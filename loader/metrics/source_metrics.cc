// SPDX-License-Identifier: Apache-2.0
#include "loader/metrics/source_metrics.h"

#include <iterator>
#include <utility>

namespace fairlead::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::Histogram;
using prometheus::MetricType;

// From 50 microseconds, doubling, to 1.6 s.
Histogram::BucketBoundaries Buckets() {
  Histogram::BucketBoundaries buckets;
  for (double bound = 50e-6; buckets.size() < 16; bound *= 2) buckets.push_back(bound);
  return buckets;
}

struct Column {
  const char* name;
  const char* help;
  MetricType type;
  uint64_t (*value)(const SourceFacts& facts);
};

constexpr Column kColumns[] = {
    {"objects", "Objects of the cluster that are known", MetricType::Gauge,
     [](const SourceFacts& facts) -> uint64_t { return facts.objects; }},
    {"lists_total", "Complete lists of the API server", MetricType::Counter,
     [](const SourceFacts& facts) { return facts.lists; }},
    {"watches_total", "Watches that were begun", MetricType::Counter,
     [](const SourceFacts& facts) { return facts.watches; }},
    {"failures_total", "Lists and watches that were refused or broke off", MetricType::Counter,
     [](const SourceFacts& facts) { return facts.failures; }},
    {"events_total", "Events of watches", MetricType::Counter,
     [](const SourceFacts& facts) { return facts.events; }},
    {"received_bytes_total", "Bytes of lists and watches", MetricType::Counter,
     [](const SourceFacts& facts) { return facts.bytes; }},
};

}  // namespace

SourceMetrics::SourceMetrics()
    : applied_(&prometheus::BuildHistogram()
                    .Name("fairlead_api_apply_duration_seconds")
                    .Help("From the bytes of a change to the tables that say it")
                    .Register(registry_)) {}

void SourceMetrics::Applied(const std::string& resource, std::chrono::nanoseconds took) {
  applied_->Add({{"resource", resource}}, Buckets())
      .Observe(std::chrono::duration<double>(took).count());
}

Families SourceMetrics::Read(const std::vector<SourceFacts>& facts) const {
  Families families;
  for (const Column& column : kColumns) {
    prometheus::MetricFamily family{
        std::string("fairlead_api_") + column.name, column.help, column.type, {}};
    for (const SourceFacts& one : facts) {
      ClientMetric metric;
      metric.label = {{"resource", one.resource}};
      const auto value = static_cast<double>(column.value(one));
      (column.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
      family.metric.push_back(std::move(metric));
    }
    families.push_back(std::move(family));
  }
  Families applied = registry_.Collect();
  std::move(applied.begin(), applied.end(), std::back_inserter(families));
  return families;
}

}  // namespace fairlead::metrics
