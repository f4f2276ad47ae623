// SPDX-License-Identifier: Apache-2.0
//
// What fairleadd tells the API server, and how it takes a no.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "loader/api/event_recorder.h"
#include "loader/api/manual_clock.h"
#include "loader/api/node_status.h"
#include "loader/api/scripted_transport.h"

namespace fairlead::api {
namespace {

using nlohmann::json;
using ::testing::MatchesRegex;

class Writers : public ::testing::Test {
 protected:
  json LastBody() const { return json::parse(transport_.last().request().body); }
  size_t sent() const { return transport_.calls().size(); }

  ManualClock clock_;
  ScriptedTransport transport_;
};

class TheNodeStatus : public Writers {
 protected:
  NodeStatusWriter writer_{transport_, clock_};
};

TEST_F(TheNodeStatus, SaysThatTheNetworkIsThereAndOfWhichVersion) {
  writer_.Write({.node_name = "n1", .version = "0.1.0"}, 1);
  const Request& request = transport_.last().request();
  EXPECT_EQ(request.verb, Verb::kPatch);
  EXPECT_EQ(request.target, "/api/v1/nodes/n1/status");
  EXPECT_EQ(request.content_type, "application/strategic-merge-patch+json");
  EXPECT_EQ(LastBody()["metadata"]["annotations"]["fairlead.dev/version"], "0.1.0");
  const json condition = LastBody()["status"]["conditions"][0];
  EXPECT_EQ(condition["type"], "NetworkUnavailable");
  EXPECT_EQ(condition["status"], "False");
  EXPECT_EQ(condition["reason"], "FairleadIsUp");
  EXPECT_THAT(condition["lastTransitionTime"].get<std::string>(),
              MatchesRegex("20..-..-..T..:..:..Z"));
}

TEST_F(TheNodeStatus, LeavesTheConditionToTheOtherNetwork) {
  writer_.Write({.node_name = "n1", .version = "0.1.0", .is_network = false}, 1);
  EXPECT_FALSE(LastBody().contains("status"));
}

TEST_F(TheNodeStatus, IsWrittenUntilItIsTaken) {
  writer_.Write({.node_name = "n1", .version = "1"}, 1);
  transport_.last().End(absl::UnavailableError("away"));
  clock_.AdvanceToAlarm();
  for (const int code : {401, 429, 500, 503}) {
    transport_.last().Answer(code, "{}");
    clock_.AdvanceToAlarm();
  }
  EXPECT_EQ(sent(), 6U);
  transport_.last().Answer(200, "{}");
  EXPECT_EQ(clock_.alarms(), 0U);
}

TEST_F(TheNodeStatus, WaitsAsLongAsItIsTold) {
  writer_.Write({.node_name = "n1", .version = "1"}, 1);
  transport_.last().Begin({.code = 429, .retry_after = std::chrono::seconds(100)}).End();
  clock_.Advance(std::chrono::seconds(99));
  EXPECT_EQ(sent(), 1U);
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(sent(), 2U);
}

TEST_F(TheNodeStatus, IsLeftWhenItIsRefused) {
  for (const int code : {403, 404, 415, 422}) {
    writer_.Write({.node_name = "n1", .version = "1"}, 1);
    const size_t before = sent();
    transport_.last().Answer(code, "no");
    clock_.Advance(std::chrono::hours(1));
    EXPECT_EQ(sent(), before);
  }
}

class AnEvent : public Writers {
 protected:
  static Event Of(const std::string& note) {
    return {.about = {kube::Kind::kService, {"shop", "web"}},
            .uid = "u1",
            .warning = true,
            .reason = "FailedToStartServiceHealthcheck",
            .action = "StartServiceHealthcheck",
            .note = note};
  }
  // Answers what waits, one by one.
  void TakeAll() {
    while (!transport_.last().over()) transport_.last().Answer(201, "{}");
  }

  EventRecorder recorder_{transport_, clock_, "n1", 1};
};

TEST_F(AnEvent, SaysWhoSaysWhatAboutWhom) {
  recorder_.Record(Of("port taken"));
  EXPECT_EQ(transport_.last().target(), "/apis/events.k8s.io/v1/namespaces/shop/events");
  const json body = LastBody();
  EXPECT_EQ(body["regarding"], (json{{"kind", "Service"},
                                     {"apiVersion", "v1"},
                                     {"namespace", "shop"},
                                     {"name", "web"},
                                     {"uid", "u1"}}));
  EXPECT_EQ(body["type"], "Warning");
  EXPECT_EQ(body["reason"], "FailedToStartServiceHealthcheck");
  EXPECT_EQ(body["note"], "port taken");
  EXPECT_EQ(body["reportingInstance"], "fairlead-n1");
  EXPECT_THAT(body["metadata"]["name"].get<std::string>(), MatchesRegex("web\\.[0-9a-f]+"));
  EXPECT_THAT(body["eventTime"].get<std::string>(), MatchesRegex("20..-..-..T..:..:..\\.......Z"));
}

TEST_F(AnEvent, AboutANodeIsInTheDefaultNamespace) {
  recorder_.Record({.about = {kube::Kind::kNode, {"", "n1"}},
                    .reason = "Starting",
                    .action = "StartFairlead",
                    .note = ""});
  EXPECT_EQ(transport_.last().target(), "/apis/events.k8s.io/v1/namespaces/default/events");
  EXPECT_EQ(LastBody()["type"], "Normal");
  EXPECT_FALSE(LastBody()["regarding"].contains("namespace"));
}

TEST_F(AnEvent, IsNotSentTwiceInAnHour) {
  recorder_.Record(Of("a"));
  TakeAll();
  recorder_.Record(Of("a"));
  EXPECT_EQ(sent(), 1U);
  recorder_.Record(Of("b"));
  TakeAll();
  clock_.Advance(EventRecorder::kNotAgainFor);
  recorder_.Record(Of("a"));
  EXPECT_EQ(sent(), 3U);
}

TEST_F(AnEvent, IsOneOfFewInARow) {
  for (int i = 0; i < 100; ++i) {
    recorder_.Record(Of(fmt::format("{}", i)));
    TakeAll();
  }
  EXPECT_EQ(sent(), static_cast<size_t>(EventRecorder::kMostInARow));
  clock_.Advance(2 * EventRecorder::kPerFurther);
  for (int i = 100; i < 200; ++i) {
    recorder_.Record(Of(fmt::format("{}", i)));
    TakeAll();
  }
  EXPECT_EQ(sent(), static_cast<size_t>(EventRecorder::kMostInARow) + 2);
}

TEST_F(AnEvent, WaitsForTheOneBeforeIt) {
  recorder_.Record(Of("a"));
  recorder_.Record(Of("b"));
  EXPECT_EQ(sent(), 1U);
  transport_.last().End(absl::UnavailableError("away"));
  clock_.AdvanceToAlarm();
  EXPECT_EQ(LastBody()["note"], "a");
  transport_.last().Answer(201, "{}");
  EXPECT_EQ(LastBody()["note"], "b");
}

TEST_F(AnEvent, IsTheLastForWhomMaySendNone) {
  recorder_.Record(Of("a"));
  recorder_.Record(Of("b"));
  transport_.last().Answer(403, "no");
  recorder_.Record(Of("c"));
  clock_.Advance(std::chrono::hours(2));
  recorder_.Record(Of("a"));
  EXPECT_EQ(sent(), 1U);
}

TEST_F(AnEvent, ThatIsNoGoodIsSkipped) {
  recorder_.Record(Of("a"));
  recorder_.Record(Of("b"));
  transport_.last().Answer(404, "the namespace is gone");
  EXPECT_EQ(LastBody()["note"], "b");
}

TEST_F(AnEvent, OfManyWordsIsShortened) {
  std::string note;
  for (int i = 0; i < 600; ++i) note += "ä";
  recorder_.Record(Of("x" + note));
  EXPECT_EQ(LastBody()["note"].get<std::string>().size(), 1023U);
}

}  // namespace
}  // namespace fairlead::api
