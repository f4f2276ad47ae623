// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/host_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead {
namespace {

using nlohmann::json;
using testing::Must;
using testing::MustOk;

TEST(HostFile, SaysProblemsBySubjectWithinBounds) {
  const testing::ScratchDirectory directory;
  const std::string path = directory.path() + "/host.json";
  const std::vector<std::string> many(HostFile::kMostProblems + 7, std::string(10'000, '\n'));
  HostFile file(path);
  MustOk(file.Write({}, {{"services", {"Service shop/web: no"}}, {"objects", many}, {"cni", {}}}));
  const json problems = json::parse(Must(ReadWholeFile(path)))["problems"];
  EXPECT_EQ(problems["services"], json::array({"Service shop/web: no"}));
  EXPECT_FALSE(problems.contains("cni"));
  EXPECT_EQ(problems["objects"].size(), HostFile::kMostProblems + 1);
  EXPECT_EQ(problems["objects"].back(), "and 7 more");
  EXPECT_LT(Must(ReadWholeFile(path)).size(), 100'000U);
}

}  // namespace
}  // namespace fairlead
