// SPDX-License-Identifier: Apache-2.0
//
// docs/metrics.md names every metric there is, and no other, each with the words
// that Prometheus shows. FAIRLEAD_UPDATE_DOCS=1 writes the tables anew.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "loader/metrics/daemon_metrics.h"
#include "loader/metrics/dataplane_metrics.h"
#include "loader/metrics/proxy_metrics.h"
#include "loader/metrics/source_metrics.h"

namespace fairlead::metrics {
namespace {

std::string TypeOf(const prometheus::MetricFamily& family) {
  switch (family.type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    default:
      return "histogram";
  }
}

std::string Table(const Families& families) {
  std::string text = "\n| metric | type | what it says |\n| --- | --- | --- |\n";
  for (const auto& family : families) {
    text += fmt::format("| `{}` | {} | {} |\n", family.name, TypeOf(family), family.help);
  }
  return text + "\n";
}

Families OfSource() {
  SourceMetrics metrics;
  metrics.Applied("services", std::chrono::milliseconds(1));
  return metrics.Read({});
}

TEST(MetricsPage, ListsWhatThereIs) {
  std::ifstream file(FAIRLEAD_METRICS_PAGE);
  std::stringstream stream;
  stream << file.rdbuf();
  const std::string page = stream.str();
  std::string wanted = page;
  const std::pair<std::string, std::string> tables[] = {
      {"fairlead", Table(DescribeDataplane())},
      {"daemon", Table(DescribeDaemon())},
      {"api", Table(OfSource())},
      {"kubeproxy", Table(ProxyMetrics().Collect())},
      {"slis", Table(SliFamilies(1))}};
  for (const auto& [name, table] : tables) {
    const std::string begin = fmt::format("<!-- begin {} -->\n", name);
    const size_t from = wanted.find(begin);
    const size_t to = wanted.find(fmt::format("<!-- end {} -->", name));
    ASSERT_NE(from, std::string::npos) << begin;
    ASSERT_NE(to, std::string::npos) << name;
    wanted.replace(from + begin.size(), to - from - begin.size(), table);
  }
  if (std::getenv("FAIRLEAD_UPDATE_DOCS") != nullptr) {
    std::ofstream(FAIRLEAD_METRICS_PAGE) << wanted;
    return;
  }
  EXPECT_EQ(page, wanted) << "run: FAIRLEAD_UPDATE_DOCS=1 build/dev/bin/metrics_test";
}

}  // namespace
}  // namespace fairlead::metrics
