// SPDX-License-Identifier: Apache-2.0
//
// Whatever pieces an answer comes in, the same objects come out.
#include "loader/api/json_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "loader/api/recorded.h"

namespace fairlead::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Layout = JsonSplitter::Layout;

struct Split {
  std::vector<std::string> objects;
  std::string envelope;
  absl::Status status;  // of the first failure, Finish() included
};

Split SplitPieces(Layout layout, const std::vector<std::string_view>& pieces) {
  Split split;
  JsonSplitter splitter(layout);
  for (const std::string_view piece : pieces) {
    split.status = splitter.Feed(piece, [&](std::string_view object) {
      split.objects.emplace_back(object);
      return true;
    });
    if (!split.status.ok()) return split;
  }
  split.status = splitter.Finish();
  split.envelope = splitter.envelope();
  return split;
}

Split SplitWhole(Layout layout, std::string_view text) { return SplitPieces(layout, {text}); }

TEST(Events, AreSplitWithOrWithoutNewlines) {
  const Split split = SplitWhole(Layout::kEvents, "{\"a\":[{}]}{\"b\":\"}\"}\n\n {\n}\r\n\t");
  EXPECT_TRUE(split.status.ok()) << split.status;
  EXPECT_THAT(split.objects, ElementsAre("{\"a\":[{}]}", "{\"b\":\"}\"}", "{\n}"));
}

TEST(Events, BracketsAndQuotesInStringsAreText) {
  for (const std::string object :
       {R"({"a":"{[}]"})", R"({"\"}":"\\"})", R"({"a":"\\\"}","b":{"c":[]}})", R"({"a":"\\\\"})"}) {
    EXPECT_THAT(SplitWhole(Layout::kEvents, object + object).objects, ElementsAre(object, object));
  }
}

TEST(Lists, ItemsAreTakenOutOfTheirEnvelope) {
  const Split split = SplitWhole(
      Layout::kList,
      R"( {"kind":"List","x":{"items":[{"no":1}]},"items" : [ {"a":1} ,{"b":[2]}],"metadata":{}} )");
  EXPECT_TRUE(split.status.ok()) << split.status;
  EXPECT_THAT(split.objects, ElementsAre("{\"a\":1}", "{\"b\":[2]}"));
  EXPECT_EQ(split.envelope,
            R"({"kind":"List","x":{"items":[{"no":1}]},"items" : [],"metadata":{}})");
}

TEST(Lists, NullIsAListWithoutItems) {
  for (const auto& [text, has] :
       {std::pair(R"({"items":null,"a":1})", true), std::pair(R"({"items":[]})", true),
        std::pair(R"({"a":null})", false), std::pair(R"({"items":{}})", false),
        std::pair(R"({"it\u0065ms":[{}]})", false), std::pair(R"({"a":"items"})", false),
        std::pair(R"({"items":"null"})", false)}) {
    JsonSplitter splitter(Layout::kList);
    EXPECT_TRUE(splitter.Feed(text, [](std::string_view) { return true; }).ok());
    EXPECT_TRUE(splitter.Finish().ok()) << text;
    EXPECT_EQ(splitter.has_items(), has) << text;
  }
}

struct Wrong {
  Layout layout;
  const char* text;
  const char* message;
};

class WrongText : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongText, EndsTheAnswer) {
  const Split split = SplitWhole(GetParam().layout, GetParam().text);
  EXPECT_THAT(std::string(split.status.message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    OfEachLayout, WrongText,
    ::testing::Values(
        Wrong{Layout::kEvents, "<html>", "\"<\" stands where an object should begin"},
        Wrong{Layout::kEvents, "{} ,{}", "\",\" stands where an object should begin"},
        Wrong{Layout::kEvents, "{}]", "\"]\" stands where an object should begin"},
        Wrong{Layout::kEvents, "\xff", "the byte 0xff stands where"},
        Wrong{Layout::kEvents, "{}\n{\"type\":\"ADD", "ends within an object"},
        Wrong{Layout::kList, "<html>", "\"<\" stands where the list should begin"},
        Wrong{Layout::kList, "", "ends within the list"},
        Wrong{Layout::kList, R"({"items":[{"a":1})", "ends within the list"},
        Wrong{Layout::kList, R"({"items":[{"a":1)", "ends within an object"},
        Wrong{Layout::kList, R"({"items":[{"a":1}],"metadata":{)", "ends within the list"},
        Wrong{Layout::kList, R"({"items":[1]})", "\"1\" stands where an object should begin"},
        Wrong{Layout::kList, R"({"items":[]} {)", "\"{\" stands behind the end of the list"}));

TEST(Objects, AreBoundedInSizeAndNamedByTheirBeginning) {
  JsonSplitter splitter(Layout::kEvents);
  int seen = 0;
  const auto visit = [&](std::string_view) { return ++seen > 0; };
  ASSERT_TRUE(
      splitter.Feed(R"({}{"type":"ADDED","object":{"metadata":{"name":"huge"},"x":")", visit).ok());
  const std::string much(1 << 20, 'x');
  absl::Status status;
  for (size_t i = 0; status.ok() && i <= kMaxObjectBytes / much.size(); ++i) {
    status = splitter.Feed(much, visit);
  }
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              StartsWith("object 2 is larger than 16 MiB; it begins with {\"type\":\"ADDED\",\""
                         "object\":{\"metadata\":{\"name\":\"huge\""));
}

TEST(Lists, WhatIsBesideTheItemsIsBoundedToo) {
  const std::string text = "{\"x\":\"" + std::string(kMaxEnvelopeBytes, 'x') + "\",\"items\":[]}";
  EXPECT_TRUE(absl::IsResourceExhausted(SplitWhole(Layout::kList, text).status));
}

TEST(Objects, AreNoLongerHandedOutAfterAFalseVisit) {
  JsonSplitter splitter(Layout::kEvents);
  int seen = 0;
  EXPECT_TRUE(splitter.Feed("{}{}{}", [&](std::string_view) { return ++seen < 2; }).ok());
  EXPECT_EQ(seen, 2);
}

class RecordedStream : public ::testing::TestWithParam<const char*> {};

TEST_P(RecordedStream, GivesTheSameObjectsWhereverItIsCut) {
  const std::string text = Recorded(GetParam());
  const std::string_view view = text;
  const Layout layout = std::string_view(GetParam()).find(".watch") == std::string_view::npos
                            ? Layout::kList
                            : Layout::kEvents;
  const Split whole = SplitWhole(layout, text);
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  EXPECT_THAT(whole.objects, ::testing::Not(IsEmpty()));
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const Split split = SplitPieces(layout, {view.substr(0, cut), view.substr(cut)});
    ASSERT_TRUE(split.status.ok()) << cut << split.status;
    ASSERT_EQ(split.objects, whole.objects) << cut;
    ASSERT_EQ(split.envelope, whole.envelope) << cut;
  }
}

TEST_P(RecordedStream, GivesTheSameObjectsByteByByte) {
  const std::string text = Recorded(GetParam());
  const Layout layout = std::string_view(GetParam()).find(".watch") == std::string_view::npos
                            ? Layout::kList
                            : Layout::kEvents;
  std::vector<std::string_view> bytes;
  for (size_t i = 0; i < text.size(); ++i) bytes.push_back(std::string_view(text).substr(i, 1));
  EXPECT_EQ(SplitPieces(layout, bytes).objects, SplitWhole(layout, text).objects);
}

INSTANTIATE_TEST_SUITE_P(OfAnApiServer, RecordedStream,
                         ::testing::Values("services.watch.http", "services.watchlist.jsonl",
                                           "endpointslices.watch.jsonl", "services.page1.json",
                                           "endpointslices.list.json", "nodes.list.json"));

// What the scanner of 64 bytes at a time should find, one byte at a time.
std::vector<std::string> SplitSlowly(const std::string& text) {
  std::vector<std::string> objects;
  int depth = 0;
  bool quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (depth++ == 0) begin = i;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      objects.push_back(text.substr(begin, i + 1 - begin));
    }
  }
  return objects;
}

TEST(Events, OfRandomBracketsQuotesAndBackslashesAreSplitRight) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int object = 0; object < 4; ++object) {
      std::string inner = "{";
      int depth = 1;
      for (size_t length = random() % 200; inner.size() < length;) {
        switch (random() % 6) {
          case 0:
            inner.push_back("{["[random() % 2]);
            ++depth;
            break;
          case 1:
            if (depth > 1) inner.push_back("}]"[random() % 2]), --depth;
            break;
          case 2: {
            inner.push_back('"');
            for (size_t i = random() % 70; i > 0; --i) {
              const char c = "{}[]x\\"[random() % 6];
              inner.push_back(c);
              if (c == '\\') inner.push_back("\\\"n"[random() % 3]);
            }
            inner.push_back('"');
            break;
          }
          default:
            inner.append(random() % 20, 'x');
        }
      }
      while (depth-- > 0) inner.push_back('}');
      text += inner + (random() % 2 == 0 ? "\n" : "");
    }
    std::vector<std::string_view> pieces;
    for (size_t at = 0; at < text.size();) {
      const size_t length = 1 + random() % 100;
      pieces.push_back(std::string_view(text).substr(at, length));
      at += length;
    }
    const Split split = SplitPieces(Layout::kEvents, pieces);
    ASSERT_TRUE(split.status.ok()) << split.status << "\n" << text;
    ASSERT_EQ(split.objects, SplitSlowly(text)) << text;
    ASSERT_THAT(split.objects, SizeIs(4));
  }
}

}  // namespace
}  // namespace fairlead::api
