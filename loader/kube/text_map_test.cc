// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/text_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

TEST(TextMap, IsInTheOrderOfItsKeys) {
  const TextMap map({{"b", "2"}, {"a", ""}, {"", "x"}, {"ab", "1"}});
  EXPECT_THAT(map, ElementsAre(Pair("", "x"), Pair("a", ""), Pair("ab", "1"), Pair("b", "2")));
  EXPECT_EQ(map.size(), 4u);
  EXPECT_FALSE(map.empty());
}

TEST(TextMap, FindsWholeKeysOnly) {
  const TextMap map({{"app", "web"}, {"app.kubernetes.io/name", "x"}});
  EXPECT_THAT(map.Find("app"), Optional(std::string_view("web")));
  EXPECT_EQ(map.Find("ap"), std::nullopt);
  EXPECT_EQ(map.Find(""), std::nullopt);
  EXPECT_EQ(TextMap().Find("app"), std::nullopt);
}

TEST(TextMap, FirstOfEqualKeysCounts) {
  EXPECT_THAT(TextMap({{"a", "1"}, {"b", "2"}, {"a", "3"}}),
              ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(TextMap, SetAddsAndReplaces) {
  TextMap map;
  EXPECT_THAT(map, IsEmpty());
  map.Set("b", "1");
  map.Set("a", std::string(300, 'x'));
  map.Set("b", "2");
  EXPECT_THAT(map, ElementsAre(Pair("a", std::string(300, 'x')), Pair("b", "2")));
}

TEST(TextMap, IsEqualByWhatItSays) {
  EXPECT_EQ(TextMap({{"a", "1"}, {"b", "2"}}), TextMap({{"b", "2"}, {"a", "1"}}));
  EXPECT_FALSE(TextMap({{"a", "12"}}) == TextMap({{"a1", "2"}}));
}

}  // namespace
}  // namespace fairlead::kube
