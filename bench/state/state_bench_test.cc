// SPDX-License-Identifier: Apache-2.0
//
// Promise: the measurement of a big cluster works with a small one, and what it
// reads from a metrics page is what is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/state/daemon_facts.h"
#include "lab/files.h"
#include "lab/process.h"

namespace fairlead::bench {
namespace {

TEST(StateBench, MeasuresASmallCluster) {
  const auto ran =
      lab::Run({.argv = {lab::ProgramFolder() + "/state_bench", "--json", "--services=50",
                         "--nodes=20", "--pods=200", "--policies=10", "--rate=100", "--seconds=1"}},
               std::chrono::seconds(200));
  ASSERT_TRUE(ran.ok()) << ran.status();
  ASSERT_EQ(ran->exit_code, 0) << ran->err;
  const nlohmann::json line = nlohmann::json::parse(ran->out);
  EXPECT_EQ(line.at("changes"), 100);
  EXPECT_GT(line.at("received_bytes"), 100'000);
  EXPECT_GT(line.at("applications"), 0);
  EXPECT_GT(line.at("steady_rss_mib"), 0);
}

TEST(MetricsPage, AddsUpSeriesAndFindsQuantiles) {
  const MetricsPage before("");
  const MetricsPage after(
      "# HELP bytes_total x\n"
      "bytes_total{resource=\"nodes\"} 5\n"
      "bytes_total{resource=\"pods\"} 7\n"
      "bytes_total_other 100\n"
      "took_bucket{resource=\"pods\",le=\"0.001\"} 90\n"
      "took_bucket{resource=\"pods\",le=\"0.002\"} 100\n"
      "took_bucket{resource=\"pods\",le=\"+Inf\"} 100\n");
  EXPECT_EQ(after.Sum("bytes_total"), 12);
  EXPECT_DOUBLE_EQ(Quantile(before.Buckets("took"), after.Buckets("took"), 0.45), 0.0005);
  EXPECT_DOUBLE_EQ(Quantile(before.Buckets("took"), after.Buckets("took"), 0.95), 0.0015);
}

}  // namespace
}  // namespace fairlead::bench
