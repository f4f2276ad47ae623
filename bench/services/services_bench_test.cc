// SPDX-License-Identifier: Apache-2.0
//
// Promise: the measurement of Services runs from its first line to its last with
// all its worlds, and leaves nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/ip.h"
#include "lab/files.h"
#include "lab/process.h"

namespace fairlead::bench {
namespace {

using ::testing::UnorderedElementsAre;

class ServicesBench : public ::testing::TestWithParam<Family> {};

TEST_P(ServicesBench, MeasuresEveryWorldWithEveryMeasure) {
  std::vector<std::string> argv = {lab::ProgramFolder() + "/services_bench",
                                   "--json",
                                   "--services=10",
                                   "--rounds=1",
                                   "--syncs=1",
                                   "--changes=1",
                                   "--turn=20"};
  if (GetParam() == Family::kIpv6) argv.emplace_back("--ipv6");
  const auto ran = lab::Run({.argv = argv}, std::chrono::seconds(200));
  ASSERT_TRUE(ran.ok()) << ran.status();
  ASSERT_EQ(ran->exit_code, 0) << ran->err;
  std::vector<std::string> measures;
  std::istringstream lines(ran->out);
  for (std::string text; std::getline(lines, text);) {
    const nlohmann::json line = nlohmann::json::parse(text);
    measures.push_back(line.at("measure").get<std::string>() + " " + line.value("path", ""));
    EXPECT_EQ(line.at("family"), FamilyName(GetParam()));
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

INSTANTIATE_TEST_SUITE_P(BothFamilies, ServicesBench,
                         ::testing::Values(Family::kIpv4, Family::kIpv6),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace fairlead::bench
