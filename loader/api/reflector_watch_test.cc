// SPDX-License-Identifier: Apache-2.0
//
// How a reflector follows, and what it does when it cannot.
#include "loader/api/reflector_fixture.h"

namespace fairlead::api {
namespace {

using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A world that has listed "a" and "b" at version 5 and watches from there.
class Watching : public ReflectorWorld {
 public:
  Watching() {
    List("5", {ServiceText("a", "1"), ServiceText("b", "2")});
    clock.Advance(seconds(10));
    call().End();
  }
};

TEST(Watch, GoesOnFromTheListAndAsksForBookmarks) {
  Watching w;
  EXPECT_TRUE(w.IsWatch());
  EXPECT_EQ(w.Query("resourceVersion"), "5");
  EXPECT_EQ(w.Query("allowWatchBookmarks"), "true");
  EXPECT_EQ(w.Query("labelSelector"), "%21service.kubernetes.io%2Fservice-proxy-name");
}

TEST(Watch, TakesEventsAsTheyCome) {
  Watching w;
  w.call().Begin().Bytes(EventText("ADDED", ServiceText("c", "6")) +
                         EventText("DELETED", ServiceText("a", "7")));
  EXPECT_THAT(w.Names(), ElementsAre("b", "c"));
  EXPECT_EQ(w.reflector.version(), "7");
  w.call().Bytes(BookmarkText("300"));
  EXPECT_EQ(w.reflector.version(), "300");
}

TEST(Watch, TakesAVersionAsItIs) {
  Watching w;
  w.call().Begin().Bytes(EventText("ADDED", ServiceText("c", "a&b=\u00e9/7"))).End();
  EXPECT_EQ(w.Query("resourceVersion"), "a%26b%3D%C3%A9%2F7");
}

TEST(Watch, TellsItsOwnerOnceForEachPieceOfTheAnswer) {
  Watching w;
  w.call().Begin();
  const int before = w.heard;
  w.call().Bytes(EventText("ADDED", ServiceText("c", "6")) +
                 EventText("ADDED", ServiceText("d", "7")));
  EXPECT_EQ(w.heard, before + 1);
}

TEST(Watch, OfARealServerGoesOnAfterTheLastWholeEventWhereverItIsCut) {
  const std::string text = Recorded("services.watch.http");
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Watching w;
    w.call().Begin().Bytes(text.substr(0, cut)).End(absl::UnavailableError("connection reset"));
    // ADDED at 266, MODIFIED at 270, DELETED at 272, BOOKMARK at 272.
    const auto events = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(cut), '\n') +
                        (cut != 0 && cut < text.size() && text[cut] == '\n' ? 1 : 0);
    const char* const versions[] = {"5", "266", "270", "272", "272"};
    EXPECT_THAT(w.Problem(), StartsWith("cannot watch services: connection reset"));
    EXPECT_GE(w.clock.AdvanceToAlarm(), Backoff::kShortest);
    ASSERT_TRUE(w.IsWatch());
    ASSERT_EQ(w.Query("resourceVersion"), versions[events]) << cut;
    ASSERT_THAT(w.Names(), SizeIs(events == 1 || events == 2 ? 3 : 2)) << cut;
    w.call().Begin();
    EXPECT_EQ(w.Problem(), "");
  }
}

TEST(Watch, ThatTheServerEndsIsAskedForAgainAtOnce) {
  Watching w;
  w.call().Begin();
  w.clock.Advance(seconds(400));
  const size_t calls = w.transport.calls().size();
  w.call().End();
  EXPECT_EQ(w.transport.calls().size(), calls + 1);
  EXPECT_EQ(w.Problem(), "");
}

TEST(Watch, ThatEndsAtOnceIsNotAskedForInALoop) {
  Watching w;
  const size_t calls = w.transport.calls().size();
  w.call().Answer("");
  EXPECT_EQ(w.transport.calls().size(), calls);
  EXPECT_EQ(w.Problem(), "cannot watch services: the watch has ended at once");
  w.clock.AdvanceToAlarm();
  EXPECT_TRUE(w.IsWatch());
}

struct Expiry {
  const char* name;
  int code;
  std::string body;
};

class ExpiredWatch : public ::testing::TestWithParam<Expiry> {};

TEST_P(ExpiredWatch, ListsAnewAndTouchesOnlyWhatDiffers) {
  Watching w;
  const kube::Service* b = w.store.services().find({"shop", "b"})->second.get();
  w.store.TakeChanges();
  if (GetParam().code == 200) {
    w.call().Begin().Bytes(GetParam().body);
    EXPECT_TRUE(w.call().over());
  } else {
    w.call().Answer(GetParam().code, GetParam().body);
  }
  EXPECT_THAT(w.Names(), ElementsAre("a", "b"));
  w.clock.AdvanceToAlarm();
  EXPECT_EQ(w.Query("sendInitialEvents"), "true");
  EXPECT_EQ(w.Query("resourceVersion"), "5");  // not older than what is known
  w.call().Begin().Bytes(EventText("ADDED", ServiceText("b", "2")) +
                         EventText("ADDED", ServiceText("c", "9")));
  EXPECT_THAT(w.Names(), ElementsAre("a", "b"));
  w.call().Bytes(BookmarkText("10", true));
  EXPECT_THAT(w.Names(), ElementsAre("b", "c"));
  EXPECT_EQ(w.store.services().begin()->second.get(), b);
  EXPECT_THAT(w.store.TakeChanges().services,
              ElementsAre(kube::ObjectName{"shop", "a"}, kube::ObjectName{"shop", "c"}));
}

INSTANTIATE_TEST_SUITE_P(
    InEitherWay, ExpiredWatch,
    ::testing::Values(Expiry{"AnEvent", 200, Recorded("services.watch-410-gone.http")},
                      Expiry{"AnAnswer", 410, StatusText(410, "Expired", "too old")},
                      Expiry{"OnlyItsReason", 200,
                             EventText("ERROR", StatusText(0, "Gone", "compacted"))}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Watch, OfAServerThatHasLostItsLastHoursTakesWhatItHas) {
  Watching w;
  w.call().Begin().Bytes(
      EventText("ERROR", StatusText(504, "Timeout", "Too large resource version: 5, current: 3")));
  EXPECT_EQ(w.Query("sendInitialEvents"), "true");
  EXPECT_EQ(w.Query("resourceVersion"), "");
  EXPECT_THAT(w.Names(), ElementsAre("a", "b"));
  w.call().Begin().Bytes(EventText("ADDED", ServiceText("a", "1")) + BookmarkText("3", true));
  EXPECT_THAT(w.Names(), ElementsAre("a"));
  EXPECT_EQ(w.reflector.version(), "3");
}

struct BadAnswer {
  const char* name;
  int code;  // 0: no answer
  std::string body;
  std::string problem;
};

class WatchThatFails : public ::testing::TestWithParam<BadAnswer> {};

TEST_P(WatchThatFails, SaysWhyAndGoesOnWhereItWas) {
  Watching w;
  const auto& [name, code, body, problem] = GetParam();
  if (code == 0) {
    w.call().End(absl::UnavailableError(body));
  } else {
    w.call().Answer(code, body);
  }
  EXPECT_THAT(w.Problem(), HasSubstr("cannot watch services: " + problem));
  EXPECT_TRUE(w.call().over());
  const auto waited = w.clock.AdvanceToAlarm();
  EXPECT_GE(waited, milliseconds(800));
  EXPECT_LE(waited, milliseconds(1600));
  EXPECT_TRUE(w.IsWatch());
  EXPECT_EQ(w.Query("resourceVersion"), "5");
  w.call().Begin();
  EXPECT_EQ(w.Problem(), "");
  w.call().Bytes(EventText("DELETED", ServiceText("a", "6")));
  EXPECT_THAT(w.Names(), ElementsAre("b"));
}

INSTANTIATE_TEST_SUITE_P(
    InAnyWay, WatchThatFails,
    ::testing::Values(
        BadAnswer{"NotReached", 0, "connection refused", "connection refused"},
        BadAnswer{"Unauthorized", 401, Recorded("error.401.http"),
                  "the credentials are refused: 401 Unauthorized: Unauthorized"},
        BadAnswer{"Forbidden", 403, Recorded("error.403-anonymous.http"),
                  "needs the verb \"watch\" on services: 403 Forbidden: services is forbidden: "
                  "User \"system:anonymous\" cannot list"},
        BadAnswer{"Throttled", 429, "slow down\n", "429: slow down"},
        BadAnswer{"ServerError", 500, StatusText(500, "InternalError", "etcd"),
                  "500 InternalError: etcd"},
        BadAnswer{"ErrorEvent", 200, EventText("ERROR", StatusText(500, "InternalError", "etcd")),
                  "500 InternalError: etcd"},
        BadAnswer{"Html", 200, "<html>", "\"<\" stands where an object should begin"},
        BadAnswer{"NoJson", 200, "{\"type\":}", "an object is not valid JSON: "},
        BadAnswer{"OddType", 200, EventText("RENAMED", "{}"), "an event has the type \"RENAMED\""},
        BadAnswer{"HalfAnEvent", 200, "{\"type\":\"ADDED\",", "the answer ends within an object"},
        BadAnswer{"Redirected", 302, "", "302"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Watch, WaitsAsLongAsTheServerAsks) {
  for (const bool in_body : {false, true}) {
    Watching w;
    ResponseHead head{.code = 429};
    if (!in_body) head.retry_after = seconds(100);
    const std::string details = in_body ? R"({"retryAfterSeconds":100})" : "{}";
    w.call().Begin(head).Bytes(StatusText(429, "TooManyRequests", "slow down", details)).End();
    EXPECT_EQ(w.clock.AdvanceToAlarm(), seconds(100));
  }
  Watching w;
  w.call().Begin(ResponseHead{.code = 503, .retry_after = hours(100)}).End();
  EXPECT_EQ(w.clock.AdvanceToAlarm(), Reflector::kLongestRetryAfter);
}

TEST(Watch, OfABusyServerIsNotReplacedByAListWhichCostsItMore) {
  Watching w;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(w.IsWatch());
    w.call().Answer(429, StatusText(429, "TooManyRequests", "slow down"));
    w.clock.AdvanceToAlarm();
  }
  EXPECT_TRUE(w.IsWatch());
}

TEST(Watch, ThatIsRefusedAgainAndAgainIsReplacedByAList) {
  Watching w;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(w.IsWatch());
    w.call().Answer(200, EventText("ERROR", StatusText(500, "InternalError", "cannot decode")));
    w.clock.AdvanceToAlarm();
  }
  EXPECT_EQ(w.Query("sendInitialEvents"), "true");
  EXPECT_THAT(w.Names(), ElementsAre("a", "b"));
}

TEST(Watch, FromAVersionThatIsNoneIsReplacedByAList) {
  Watching w;
  w.call().Answer(400, StatusText(400, "BadRequest", "Invalid value: \"5\""));
  w.clock.AdvanceToAlarm();
  EXPECT_EQ(w.Query("sendInitialEvents"), "true");
  EXPECT_EQ(w.Query("resourceVersion"), "");
}

TEST(Watch, ThatHasHeardNothingForLongIsReplacedByAList) {
  for (const auto& end : {absl::OkStatus(), absl::DeadlineExceededError("nothing came")}) {
    Watching w;
    w.call().Begin();
    w.clock.Advance(Reflector::kShortestWatch);
    w.call().End(end);
    w.clock.Advance(seconds(5));
    EXPECT_FALSE(w.IsWatch());
    // What the server says if it came back from a backup.
    w.call().Answer(504, StatusText(504, "Timeout", "Too large resource version: 5, current: 3",
                                    R"({"causes":[{"reason":"ResourceVersionTooLarge"}]})"));
    EXPECT_EQ(w.Query("resourceVersion"), "");
    w.List("3", {ServiceText("a", "1")});
    EXPECT_THAT(w.Names(), ElementsAre("a"));
  }
}

TEST(Server, ThatIsAwayForDaysTakesNothingAwayAndIsAskedCalmly) {
  Watching w;
  w.call().End(absl::UnavailableError("no route to host"));
  const Clock::Time end = w.clock.Now() + hours(72);
  size_t tries = 0;
  std::chrono::nanoseconds last{0};
  while (w.clock.Now() < end) {
    last = w.clock.AdvanceToAlarm();
    ASSERT_LE(last, seconds(60));
    w.call().End(absl::UnavailableError("no route to host"));
    ++tries;
  }
  EXPECT_GE(last, seconds(30));
  EXPECT_LT(tries, 72u * 3600 / 30);
  EXPECT_THAT(w.Names(), ElementsAre("a", "b"));
  EXPECT_EQ(w.clock.alarms(), 1u);
  w.clock.AdvanceToAlarm();
  w.call().Begin().Bytes(EventText("ADDED", ServiceText("c", "6")));
  EXPECT_THAT(w.Names(), ElementsAre("a", "b", "c"));
  // It has been well for a while: the next failure is the first again.
  w.clock.Advance(minutes(3));
  w.call().End(absl::UnavailableError("reset"));
  EXPECT_LE(w.clock.AdvanceToAlarm(), milliseconds(1600));
}

TEST(Kind, ThatIsNotServedIsEmptyAndAskedForSlowly) {
  ManualClock clock;
  ScriptedTransport transport;
  kube::ObjectStore store;
  Reflector cidrs(ResourcesFor({.node_name = "n1"})[3], transport, clock, store, 1, [] {});
  cidrs.Start();
  transport.last().Answer(404, "404 page not found\n");
  EXPECT_TRUE(cidrs.settled());
  EXPECT_THAT(cidrs.problems(), IsEmpty());
  cidrs.Publish();
  const auto waited = duration_cast<minutes>(clock.AdvanceToAlarm());
  EXPECT_GE(waited, minutes(5));
  transport.last().Begin().Bytes(
      EventText("ADDED",
                R"({"metadata":{"name":"kubernetes"},"spec":{"cidrs":["10.96.0.0/12"]}})") +
      BookmarkText("5", true));
  EXPECT_THAT(store.service_cidrs(), SizeIs(1));
  transport.last().End();
  transport.last().Answer(404, "404 page not found\n");
  EXPECT_THAT(store.service_cidrs(), SizeIs(1));  // a server that is being replaced
}

TEST(BrokenObject, IsReportedAndItsLastGoodVersionStays) {
  Watching w;
  const std::string broken = ServiceText("a", "6", R"({"ports":[{"port":70000}]})");
  w.call().Begin().Bytes(EventText("MODIFIED", broken) + EventText("ADDED", ServiceText("c", "7")));
  EXPECT_THAT(w.Names(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(w.Problem(), "Service shop/a: spec.ports[0].port: must be 1-65535, is 70000");
  EXPECT_EQ(w.reflector.version(), "7");
  w.call().Bytes(EventText("MODIFIED", ServiceText("a", "8", R"({"ports":[{"port":7000}]})")));
  EXPECT_EQ(w.Problem(), "");
  EXPECT_THAT(w.store.services().begin()->second->ports, SizeIs(1));
}

TEST(BrokenObject, IsForgottenWithItsDeletion) {
  Watching w;
  const std::string broken = ServiceText("c", "6", R"({"ports":1})");
  w.call().Begin().Bytes(EventText("ADDED", broken));
  EXPECT_EQ(w.Problem(), "Service shop/c: spec.ports: must be a list, is a number");
  w.call().Bytes(EventText("DELETED", broken));
  EXPECT_EQ(w.Problem(), "");
}

TEST(BrokenObject, InANewListKeepsTheOldOneAndIsForgottenWithTheNext) {
  Watching w;
  for (const bool broken : {true, false}) {
    w.call().Answer(410, StatusText(410, "Expired", "too old"));
    w.clock.AdvanceToAlarm();
    w.List("9", {broken ? ServiceText("a", "6", R"({"type":"Odd"})") : ServiceText("c", "7")});
    EXPECT_THAT(w.Names(), ElementsAre(broken ? "a" : "c"));
    EXPECT_THAT(w.Problem(), broken ? HasSubstr("Service shop/a: spec.type: ") : HasSubstr(""));
    EXPECT_EQ(w.Problem().empty(), !broken);
    w.clock.Advance(seconds(10));
    w.call().End();
  }
}

TEST(BrokenObject, WithoutANameMayBeAnyOfThem) {
  Watching w;
  w.call().Answer(410, StatusText(410, "Expired", "too old"));
  w.clock.AdvanceToAlarm();
  w.List("9", {R"({"metadata":{"name":7}})", ServiceText("c", "7")});
  EXPECT_THAT(w.Names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(w.Problem(), HasSubstr("metadata.name: must be a string"));
}

TEST(Object, MayHaveMegabytesThatNobodyReads) {
  Watching w;
  std::string fields;
  for (int i = 0; i < 200'000; ++i) fields += fmt::format(R"("f:{{{}\"":[{{}},1e999],)", i);
  const std::string object = fmt::format(
      R"({{"spec":null,"metadata":{{"managedFields":[{{{}"z":null}}],"resourceVersion":"6",)"
      R"("namespace":"shop","name":"c","\u0061nnotations":null}}}})",
      fields);
  const std::string event = EventText("ADDED", object);
  w.call().Begin();
  for (size_t at = 0; at < event.size(); at += 16384) w.call().Bytes(event.substr(at, 16384));
  EXPECT_EQ(w.Problem(), "");
  EXPECT_THAT(w.Names(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(w.reflector.version(), "6");
}

}  // namespace
}  // namespace fairlead::api
