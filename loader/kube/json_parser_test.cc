// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/json_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "loader/kube/parse.h"

namespace fairlead::kube {
namespace {

using ::testing::HasSubstr;

// A text with the padding that the parser wants.
class Padded {
 public:
  explicit Padded(std::string text) : size_(text.size()), text_(std::move(text)) {
    text_.append(kJsonPadding, 'x');
  }
  std::string_view text() const { return std::string_view(text_).substr(0, size_); }

 private:
  size_t size_;
  std::string text_;
};

struct Mended {
  const char* before;
  const char* after;
};

class Mending : public ::testing::TestWithParam<Mended> {};

TEST_P(Mending, ChangesWhatNoParserTakesAndNothingElse) {
  std::string text = GetParam().before;
  MendJson(text);
  EXPECT_EQ(text, GetParam().after);
}

INSTANTIATE_TEST_SUITE_P(
    OfValues, Mending,
    ::testing::Values(Mended{R"({"a":1e999,"b":true})", R"({"a":1e99 ,"b":true})"},
                      Mended{R"([123456789012345678901, -123456789012345678])",
                             R"([1e99                 , 1e99               ])"},
                      Mended{R"([18446744073709551615,80])", R"([1e99                ,80])"},
                      Mended{R"([1e5,-1.5e+300,12.25,false])", R"([1e5,1e99     ,12.25,false])"},
                      Mended{R"(["1e999","\"1e999",1])", R"(["1e999","\"1e999",1])"},
                      Mended{R"(["\ud800","\uD83D\uDE00","\udc00x","\ud800\u0041"])",
                             R"(["\ufffd","\uD83D\uDE00","\ufffdx","\ufffd\u0041"])"},
                      Mended{R"(["\\ud800"])", R"(["\\ud800"])"},
                      Mended{R"([1234567890123456789012e])", R"([1234567890123456789012e])"},
                      Mended{R"("\)", R"("\)"}, Mended{R"("\ud8)", R"("\ud8)"}));

TEST(JsonParser, ReadsObjectsWithNumbersThatNobodyCanHold) {
  JsonParser parser;
  const Padded text(R"({"big":123456789012345678901234567890,"huge":-1e999,"metadata":
    {"name":"n\u00e4me","managedFields":[{"x":"\ud800"}]},"spec":{"podCIDR":"10.0.0.0/24"}})");
  const auto value = parser.Parse(text.text());
  ASSERT_TRUE(value.ok()) << value.status();
  const auto node = ParseNode(*value);
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(node->meta.name.name, "n\u00e4me");
  EXPECT_EQ(node->pod_cidrs.size(), 1u);
}

TEST(JsonParser, ANumberTooBigIsTheFaultOfTheFieldThatIsRead) {
  for (const char* number : {"123456789012345678901234567890", "1e999", "18446744073709551615"}) {
    JsonParser parser;
    const Padded text(std::string(R"({"metadata":{"name":"x"},"spec":{"ports":[{"port":)") +
                      number + "}]}}");
    const auto value = parser.Parse(text.text());
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_EQ(ParseService(*value).status().message(),
              "spec.ports[0].port: must be an integer, is a number");
  }
}

TEST(JsonParser, EscapedKeysAreTheKeysTheyMean) {
  JsonParser parser;
  const Padded text(R"({"m\u0065tadata":{"n\u0061me":"a\"b"}})");
  EXPECT_EQ(parser.Parse(text.text())->Find("metadata").TextOf("name"), "a\"b");
}

TEST(JsonParser, SaysThatATextIsNoJson) {
  for (const char* wrong : {"", "{", "{\"a\":01}", "{\"a\":1,}", "{\"a\":\"\x01\"}", "{} {}", "nul",
                            "{\"a\":1e}", "{\"a\":\"\\ud8\"}", "{\"a\":\"\xff\"}"}) {
    JsonParser parser;
    const Padded text(wrong);
    EXPECT_THAT(std::string(parser.Parse(text.text()).status().message()),
                HasSubstr("is not valid JSON: "))
        << wrong;
  }
}

TEST(JsonParser, ReadsMegabytesOfWhatItSkipsAndGoesOn) {
  JsonParser parser;
  const Padded large("{\"skipped\":\"" + std::string(3 << 20, 'x') + "\",\"name\":\"large\"}");
  const Padded small(R"({"name":"small"})");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(parser.Parse(large.text())->TextOf("name"), "large");
    EXPECT_EQ(parser.Parse(small.text())->TextOf("name"), "small");
  }
}

TEST(JsonParser, NestingHasAnEnd) {
  JsonParser parser;
  const std::string deep(100'000, '[');
  EXPECT_FALSE(parser.Parse(Padded(deep).text()).ok());
}

}  // namespace
}  // namespace fairlead::kube
