// SPDX-License-Identifier: Apache-2.0
//
// Promise: the measurement of Services runs from its first line to its last with
// all its worlds, and leaves nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/files.h"
#include "lab/process.h"

namespace fairlead::bench {
namespace {

using ::testing::UnorderedElementsAre;

TEST(ServicesBench, MeasuresEveryWorldWithEveryMeasure) {
  const auto ran = lab::Run({.argv = {lab::ProgramFolder() + "/services_bench", "--json",
                                      "--services=10", "--rounds=1", "--changes=1", "--turn=20"}},
                            std::chrono::seconds(200));
  ASSERT_TRUE(ran.ok()) << ran.status();
  ASSERT_EQ(ran->exit_code, 0) << ran->err;
  std::vector<std::string> measures;
  std::istringstream lines(ran->out);
  for (std::string text; std::getline(lines, text);) {
    const nlohmann::json line = nlohmann::json::parse(text);
    measures.push_back(line.at("measure").get<std::string>() + " " + line.value("path", ""));
    EXPECT_GT(line.at("fairlead").get<double>(), 0) << text;
    for (const char* rival : {"nftables", "iptables", "iptables-legacy"}) {
      EXPECT_GT(line.at("rivals").at(rival).at("median").get<double>(), 0) << text;
    }
  }
  EXPECT_THAT(measures,
              UnorderedElementsAre("connections ClusterIP", "connections NodePort",
                                   "request latency ClusterIP", "request latency NodePort",
                                   "endpoint change ", "first sync "));
}

}  // namespace
}  // namespace fairlead::bench
