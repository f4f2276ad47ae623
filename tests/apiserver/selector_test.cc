// SPDX-License-Identifier: Apache-2.0
#include "tests/apiserver/selector.h"

#include <gtest/gtest.h>

namespace fairlead::apiserver {
namespace {

struct Case {
  const char* selector;
  bool matches;
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.selector; }

class LabelSelector : public ::testing::TestWithParam<Case> {};

TEST_P(LabelSelector, SelectsAsKubernetesDoes) {
  const Labels labels = {{"app", "web"}, {"tier", "front"}, {"service.kubernetes.io/headless", ""}};
  const auto selector = Selector::Parse(GetParam().selector);
  ASSERT_TRUE(selector.ok()) << selector.status().ToString();
  EXPECT_EQ(selector->Matches(labels), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(
    OfOneObject, LabelSelector,
    ::testing::Values(Case{"", true}, Case{"app=web", true}, Case{"app==web", true},
                      Case{"app=db", false}, Case{"app!=db", true}, Case{"none!=db", true},
                      Case{"app in (db,web)", true}, Case{"app in (db, cache),tier=front", false},
                      Case{"app notin (db,cache)", true}, Case{"none notin (db)", true},
                      Case{"app", true}, Case{"none", false}, Case{"!none", true},
                      Case{"!app", false}, Case{"app=web,tier=front,!none", true},
                      Case{"!service.kubernetes.io/headless", false},
                      Case{"!service.kubernetes.io/service-proxy-name", true}));

TEST(SelectorOfNonsense, IsRefused) {
  for (const char* text : {"=web", "app in web", "a b", ",", "app>1"}) {
    EXPECT_FALSE(Selector::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace fairlead::apiserver
