// SPDX-License-Identifier: Apache-2.0
//
// fairlead metrics — the fairlead_* metrics that the daemon serves to Prometheus,
// from the pinned tables, also when there is no daemon.
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/pinned_node.h"
#include "loader/metrics/dataplane_metrics.h"

namespace fairlead::cli {
namespace {

Json ToJson(const prometheus::MetricFamily& family) {
  Json samples = Json::array();
  for (const prometheus::ClientMetric& metric : family.metric) {
    Json labels = Json::object();
    for (const auto& label : metric.label) labels[label.name] = label.value;
    const bool counter = family.type == prometheus::MetricType::Counter;
    samples.push_back(
        {{"labels", labels}, {"value", counter ? metric.counter.value : metric.gauge.value}});
  }
  return {{"name", family.name}, {"help", family.help}, {"samples", samples}};
}

class MetricsCommand final : public Command {
 public:
  const char* name() const override { return "metrics"; }
  const char* summary() const override { return "the tables in Prometheus' text format"; }

  absl::StatusOr<int> Run(const Options& options, std::ostream& out) override {
    FL_ASSIGN_OR_RETURN(const PinnedNode node, PinnedNode::Open(options));
    FL_ASSIGN_OR_RETURN(const metrics::Families families,
                        metrics::ReadDataplane(node.tables(), node.directory()));
    if (options.output != Output::kJson) {
      out << metrics::ToText(families);
      return kFine;
    }
    Json all = Json::array();
    for (const auto& family : families) all.push_back(ToJson(family));
    out << all.dump(2) << '\n';
    return kFine;
  }
};

}  // namespace

std::unique_ptr<Command> MakeMetricsCommand() { return std::make_unique<MetricsCommand>(); }

}  // namespace fairlead::cli
