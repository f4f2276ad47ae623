// SPDX-License-Identifier: Apache-2.0
//
// Promise: a flood of SYNs through a NodePort, to a backend here and to one on
// another node, costs no established connection, and the daemon no memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/files.h"
#include "lab/process.h"

namespace fairlead::bench {
namespace {

using ::testing::UnorderedElementsAre;

TEST(FloodBench, LosesNoConnectionWhereverTheBackendIs) {
  const auto ran = lab::Run({.argv = {lab::ProgramFolder() + "/flood_bench", "--json",
                                      "--syns=50000", "--connections=300"}},
                            std::chrono::seconds(200));
  ASSERT_TRUE(ran.ok()) << ran.status();
  ASSERT_EQ(ran->exit_code, 0) << ran->err;
  std::vector<std::string> cases;
  std::istringstream lines(ran->out);
  for (std::string text; std::getline(lines, text);) {
    const nlohmann::json line = nlohmann::json::parse(text);
    cases.push_back(line.at("case"));
    EXPECT_EQ(line.at("lost"), 0) << text;
    EXPECT_GE(line.at("exchanges"), 600) << text;
    uint64_t seen = 0;
    for (const auto& [verdict, packets] : line.at("verdicts").items()) {
      if (verdict.starts_with("from_network")) seen += packets.get<uint64_t>();
    }
    EXPECT_GE(seen, 40'000U) << "the flood did not arrive: " << text;
  }
  EXPECT_THAT(cases, UnorderedElementsAre("near IPv4", "near IPv6", "far IPv4", "far IPv6"));
}

}  // namespace
}  // namespace fairlead::bench
