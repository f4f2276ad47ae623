// SPDX-License-Identifier: Apache-2.0
#include "cli/print_table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/names.h"
#include "maps/counter/verdict_counters.h"
#include "maps/tables.h"
#include "maps/usage/map_usage.h"

namespace fairlead::cli {
namespace {

const std::vector<Column> kColumns = {
    {"NAME", "name"}, {"COUNT", "count"}, {"SECRET", "secret", true}};
const std::vector<Json> kRows = {
    {{"name", "a-long-name"}, {"count", 7}, {"secret", "x"}},
    {{"name", nullptr}, {"count", 1234567}, {"secret", {"p", "q"}}},
};

std::string Print(Output output, const std::vector<Json>& rows = kRows) {
  std::ostringstream out;
  PrintRows(out, kColumns, rows, output);
  return out.str();
}

TEST(ATable, AlignsWordsLeftAndNumbersRight) {
  EXPECT_EQ(Print(Output::kTable),
            "NAME           COUNT\n"
            "a-long-name        7\n"
            "-            1234567\n");
}

TEST(ATable, ShowsMoreWhenWide) {
  EXPECT_EQ(Print(Output::kWide),
            "NAME           COUNT  SECRET\n"
            "a-long-name        7  x\n"
            "-            1234567  p,q\n");
}

TEST(ATable, IsTheSameRowsInJson) {
  const Json parsed = Json::parse(Print(Output::kJson));
  ASSERT_EQ(parsed.size(), 2U);
  EXPECT_EQ(parsed[0], kRows[0]);
  EXPECT_EQ(parsed[1], kRows[1]);
}

TEST(ATable, WithoutRowsIsAHeaderOrAnEmptyArray) {
  EXPECT_EQ(Print(Output::kTable, {}), "NAME  COUNT\n");
  EXPECT_EQ(Print(Output::kJson, {}), "[]\n");
}

TEST(ACell, SaysWhatPeopleSay) {
  EXPECT_EQ(Cell(nullptr), "-");
  EXPECT_EQ(Cell(true), "yes");
  EXPECT_EQ(Cell(Json::array()), "-");
  EXPECT_EQ(Cell({"a", 1}), "a,1");
  EXPECT_EQ(Cell(OrNull("")), "-");
  EXPECT_EQ(Cell(OrNull(IpAddress())), "-");
}

TEST(NamesFromTheDaemon, AreFoundByTheTablesNumbers) {
  const auto names = Names::Parse(
      R"({"services": {"4": {"10.96.0.10:80/tcp": "shop/web:http"},
                       "6": {"[fd00:96::10]:80/tcp": "shop/web6:http"}},
          "pods": {"3": "shop/web-1"}, "nodes": {"1": "node2"}})");
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_EQ(names->Service(Family::kIpv4, "10.96.0.10:80/tcp"), "shop/web:http");
  EXPECT_EQ(names->Service(Family::kIpv6, "[fd00:96::10]:80/tcp"), "shop/web6:http");
  EXPECT_EQ(names->Pod(3), "shop/web-1");
  EXPECT_EQ(names->Node(1), "node2");
  EXPECT_TRUE(names->Pod(4).is_null());
  EXPECT_TRUE(names->Service(Family::kIpv6, "10.96.0.10:80/tcp").is_null());
}

TEST(NamesFromTheDaemon, AreUnknownWithoutTheFileAndRefusedWhenBroken) {
  const auto absent = Names::Read("/nonexistent/names.json");
  ASSERT_TRUE(absent.ok()) << absent.status();
  EXPECT_TRUE(absent->Pod(3).is_null());
  EXPECT_FALSE(Names::Parse("{").ok());
  EXPECT_FALSE(Names::Parse("[]").ok());
  EXPECT_TRUE(Names::Parse(R"({"pods": "surprise"})")->Pod(3).is_null());
}

TEST(EveryVerdict, HasANameAndASentence) {
  EXPECT_EQ(VerdictName(DROP_NO_BACKEND), "NO_BACKEND");
  EXPECT_EQ(VerdictSentence(DROP_NO_BACKEND), "service has no endpoints");
  EXPECT_EQ(VerdictName(DROP_TAIL_CALL_MISSING), "TAIL_CALL_MISSING");
  EXPECT_EQ(VerdictName(VERDICT_TO_POD), "TO_POD");
  EXPECT_FALSE(IsDrop(VERDICT_NOT_PROMOTED));
  EXPECT_TRUE(IsDrop(DROP_TOO_SHORT));
  EXPECT_EQ(VerdictName(FL_VERDICT_COUNT), "?");
  EXPECT_EQ(HookName(HOOK_TO_NETWORK), "to_network");
}

TEST(EveryMap, HasAPurpose) {
  for (const std::string& name : MapNames()) EXPECT_NE(MapPurpose(name), "") << name;
  EXPECT_EQ(MapPurpose("surprise"), "");
}

}  // namespace
}  // namespace fairlead::cli
