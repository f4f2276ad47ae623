// SPDX-License-Identifier: Apache-2.0
//
// How a reflector comes to know what there is, and never half of it.
#include "loader/api/reflector_fixture.h"

namespace fairlead::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(StreamedList, IsAskedForAsTheServerWants) {
  ReflectorWorld w;
  EXPECT_THAT(w.call().target(),
              StartsWith("/api/v1/services?labelSelector=%21service.kubernetes.io%2Fservice-proxy-"
                         "name&fieldSelector=spec.clusterIP%21%3DNone&watch=true&"
                         "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
                         "allowWatchBookmarks=true&timeoutSeconds="));
  const int timeout = std::stoi(w.Query("timeoutSeconds"));
  EXPECT_GE(timeout, 300);
  EXPECT_LE(timeout, 600);
  EXPECT_EQ(w.call().request().quiet_limit, seconds(timeout) + Reflector::kWatchGrace);
  EXPECT_EQ(w.call().request().begin_limit, Reflector::kListQuiet);
}

TEST(StreamedList, OfARealServerIsTakenWholeAndFollowed) {
  ReflectorWorld w;
  w.reflector.Publish();
  const std::string text = Recorded("services.watchlist.jsonl");
  const size_t end = text.find("k8s.io/initial-events-end");
  w.call().Begin().Bytes(std::string_view(text).substr(0, end));
  EXPECT_THAT(w.Names(), IsEmpty());
  EXPECT_FALSE(w.call().over());
  const size_t line = text.find('\n', end);
  w.call().Bytes(std::string_view(text).substr(end, line - end));
  EXPECT_THAT(w.Names(), ElementsAre("db", "dns", "empty", "ext", "headless", "sticky-zone", "web",
                                     "web-lb", "web-np"));
  EXPECT_EQ(w.reflector.version(), "264");
  w.call().Bytes(std::string_view(text).substr(line));
  EXPECT_THAT(w.Names(), SizeIs(9));  // one came and went
  EXPECT_EQ(w.reflector.version(), "272");
  EXPECT_EQ(w.Problem(), "");
  w.call().End();
  EXPECT_TRUE(w.IsWatch());
  EXPECT_EQ(w.Query("resourceVersion"), "272");
}

TEST(StreamedList, FollowsChangesThatComeBeforeItsEnd) {
  ReflectorWorld w;
  w.reflector.Publish();
  w.call()
      .Begin()
      .Bytes(EventText("ADDED", ServiceText("a", "1")) + EventText("ADDED", ServiceText("b", "2")) +
             EventText("DELETED", ServiceText("a", "3")) +
             EventText("MODIFIED", ServiceText("b", "4", R"({"clusterIP":"10.96.0.1"})")))
      .Bytes(BookmarkText("3"))  // an ordinary one
      .Bytes(BookmarkText("5", true));
  EXPECT_THAT(w.Names(), ElementsAre("b"));
  EXPECT_THAT(w.store.services().begin()->second->cluster_ips, SizeIs(1));
  EXPECT_EQ(w.reflector.version(), "5");
}

struct NoStream {
  const char* name;
  void (*answer)(ScriptedTransport::Call& call);
};

class ServerWithoutStreams : public ::testing::TestWithParam<NoStream> {};

TEST_P(ServerWithoutStreams, IsAskedForPagesForGood) {
  ReflectorWorld w;
  w.reflector.Publish();
  GetParam().answer(w.call());
  if (w.Query("limit").empty()) w.clock.AdvanceToAlarm();
  EXPECT_THAT(w.call().target(), HasSubstr("&limit=500&resourceVersion=0"));
  EXPECT_EQ(w.Query("watch"), "");
  w.call().Answer(ListText("7", {ServiceText("a", "1")}));
  EXPECT_THAT(w.Names(), ElementsAre("a"));
  ASSERT_TRUE(w.IsWatch());
  w.call().Answer(410, StatusText(410, "Expired", "too old"));
  w.clock.AdvanceToAlarm();
  EXPECT_EQ(w.Query("watch"), "");
}

INSTANTIATE_TEST_SUITE_P(
    IsRecognised, ServerWithoutStreams,
    ::testing::Values(
        NoStream{"ByInvalid",
                 [](auto& call) {
                   call.Answer(
                       422, StatusText(422, "Invalid", "sendInitialEvents is forbidden for watch"));
                 }},
        NoStream{"ByBadRequest", [](auto& call) { call.Answer(400, Recorded("error.400.http")); }},
        NoStream{"ByItsStorage",
                 [](auto& call) {
                   call.Begin().Bytes(Recorded("services.watchlist-unsupported.jsonl"));
                 }},
        NoStream{"ByAnEnd",
                 [](auto& call) { call.Answer(EventText("ADDED", ServiceText("a", "1"))); }}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(StreamedList, ThatGoesQuietWithoutAnEndIsGivenUp) {
  ReflectorWorld w;
  w.call().Begin();
  for (int i = 0; i < 5; ++i) {
    w.clock.Advance(seconds(50));
    w.call().Bytes(EventText("ADDED", ServiceText("a", "1")));
    EXPECT_FALSE(w.call().over());
  }
  w.clock.Advance(seconds(61));
  EXPECT_THAT(w.Problem(), HasSubstr("has no end"));
  w.clock.Advance(seconds(2));
  EXPECT_EQ(w.Query("limit"), "500");
  EXPECT_THAT(w.Names(), IsEmpty());
}

TEST(StreamedList, ThatNeverBeginsSaysNothingAboutStreams) {
  ReflectorWorld w;
  w.clock.Advance(seconds(200));
  EXPECT_FALSE(w.call().over()) << "that is left to the transport, which knows of other servers";
  w.call().End(absl::DeadlineExceededError("says nothing for 60 s"));
  w.clock.AdvanceToAlarm();
  EXPECT_EQ(w.Query("sendInitialEvents"), "true");
}

TEST(StreamedList, MayTakeLongerThanThatAfterItsEnd) {
  ReflectorWorld w;
  w.List("5", {ServiceText("a", "1")});
  w.clock.Advance(seconds(200));
  EXPECT_FALSE(w.call().over());
}

TEST(PagedList, OfARealServerIsTakenWhenItsLastPageHasCome) {
  ReflectorWorld w;
  w.RefuseStreams();
  w.reflector.Publish();
  w.call().Answer(Recorded("services.page1.json"));
  EXPECT_THAT(w.Names(), IsEmpty());
  const std::string token = w.Query("continue");
  EXPECT_THAT(Recorded("services.page1.json"), HasSubstr("\"" + token + "\""));
  EXPECT_EQ(w.Query("limit"), "500");
  EXPECT_EQ(w.Query("resourceVersion"), "");
  w.call().Answer(Recorded("services.page2.json"));
  EXPECT_THAT(w.Names(), IsEmpty());
  w.call().Answer(ListText("264", {ServiceText("zoo", "9")}));
  EXPECT_THAT(w.Names(), ElementsAre("kubernetes", "db", "dns", "empty", "ext", "headless",
                                     "sticky-zone", "web", "zoo"));
  EXPECT_TRUE(w.IsWatch());
  EXPECT_EQ(w.Query("resourceVersion"), w.reflector.version());
}

struct BadPage {
  const char* name;
  void (*answer)(ScriptedTransport::Call& call);
};

class SecondPageThatFails : public ::testing::TestWithParam<BadPage> {};

TEST_P(SecondPageThatFails, TakesNothingAndTheListBeginsAnew) {
  ReflectorWorld w;
  w.List("5", {ServiceText("a", "1"), ServiceText("b", "2")});
  w.call().Begin().Bytes(EventText("ERROR", StatusText(410, "Expired", "too old")));
  w.clock.AdvanceToAlarm();
  w.RefuseStreams();
  const std::string first = w.call().target();
  w.call().Answer(ListText("9", {ServiceText("a", "8")}, "more"));
  ASSERT_EQ(w.Query("continue"), "more");
  const uint64_t revision = w.store.revision();
  GetParam().answer(w.call());
  EXPECT_EQ(w.store.revision(), revision);
  EXPECT_THAT(w.Names(), ElementsAre("a", "b"));
  EXPECT_THAT(w.Problem(), StartsWith("cannot list services: "));
  w.clock.AdvanceToAlarm();
  EXPECT_EQ(w.call().target(), first);
  w.call().Answer(ListText("9", {ServiceText("a", "8")}));
  EXPECT_THAT(w.Names(), ElementsAre("a"));
  EXPECT_EQ(w.Problem(), "");
}

INSTANTIATE_TEST_SUITE_P(
    InAnyWay, SecondPageThatFails,
    ::testing::Values(
        BadPage{"NotReached", [](auto& call) { call.End(absl::UnavailableError("reset")); }},
        BadPage{
            "CutOff",
            [](auto& call) {
              call.Begin().Bytes(R"({"items":[{"metadata":)").End(absl::UnavailableError("cut"));
            }},
        BadPage{"CutOffUnnoticed", [](auto& call) { call.Answer(R"({"items":[{})"); }},
        BadPage{"Quiet", [](auto& call) { call.End(absl::DeadlineExceededError("quiet")); }},
        BadPage{"Empty", [](auto& call) { call.Answer(""); }},
        BadPage{"Html", [](auto& call) { call.Answer("<html>Log in</html>"); }},
        BadPage{"HtmlError", [](auto& call) { call.Answer(502, "<html>Bad gateway</html>"); }},
        BadPage{"NoItems",
                [](auto& call) { call.Answer(R"({"metadata":{"resourceVersion":"9"}})"); }},
        BadPage{"NoVersion", [](auto& call) { call.Answer(R"({"metadata":{},"items":[]})"); }},
        BadPage{"ItemsOfAnotherKind", [](auto& call) { call.Answer(R"({"items":["a"]})"); }},
        BadPage{"ItemThatIsNoJson", [](auto& call) { call.Answer(R"({"items":[{"a":}]})"); }},
        BadPage{
            "EnvelopeThatIsNoJson",
            [](auto& call) { call.Answer(R"({"items":[],"metadata":{"resourceVersion":9x}})"); }},
        BadPage{"ServerError", [](auto& call) { call.Answer(500, StatusText(500, "X", "etcd")); }},
        BadPage{"Throttled", [](auto& call) { call.Answer(429, "slow down"); }},
        BadPage{"Forbidden",
                [](auto& call) { call.Answer(403, Recorded("error.403-anonymous.http")); }},
        BadPage{"Unauthorized", [](auto& call) { call.Answer(401, Recorded("error.401.http")); }},
        BadPage{"NotFound", [](auto& call) { call.Answer(404, Recorded("error.404.http")); }}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(PagedList, WhoseTokenHasExpiredIsListedWholeAndConsistently) {
  ReflectorWorld w;
  w.RefuseStreams();
  w.reflector.Publish();
  w.call().Answer(ListText("5", {ServiceText("a", "1")}, "token"));
  w.call().Answer(410, Recorded("error.410-continue-expired.http"));
  EXPECT_EQ(w.Query("limit"), "");
  EXPECT_EQ(w.Query("continue"), "");
  EXPECT_EQ(w.Query("resourceVersion"), "0");
  w.call().Answer(ListText("6", {ServiceText("b", "6")}));
  EXPECT_THAT(w.Names(), ElementsAre("b"));
}

TEST(List, OfAVersionThatTheServerDoesNotKnowIsOfWhateverItHas) {
  for (const auto& [code, text] :
       {std::pair(410, Recorded("services.watch-410-gone.http")),
        std::pair(410, StatusText(410, "Expired", "too old resource version")),
        std::pair(504, StatusText(504, "Timeout", "Too large resource version: 500, current: 3")),
        std::pair(504, StatusText(504, "Timeout", "Timeout",
                                  R"({"causes":[{"reason":"ResourceVersionTooLarge"}]})"))}) {
    ReflectorWorld w;
    w.List("500", {ServiceText("a", "1")});
    w.call().End();
    w.call().Answer(410, StatusText(410, "Expired", "too old"));
    w.clock.AdvanceToAlarm();
    w.RefuseStreams();
    EXPECT_EQ(w.Query("resourceVersion"), "500");
    EXPECT_EQ(w.Query("limit"), "");  // from the cache, in one
    w.call().Answer(code, text);
    EXPECT_EQ(w.Query("watch"), "");
    EXPECT_EQ(w.Query("resourceVersion"), "");
    EXPECT_EQ(w.Query("limit"), "500");
    w.call().Answer(code, text);  // again: not at once
    const size_t calls = w.transport.calls().size();
    w.clock.Advance(milliseconds(500));
    EXPECT_EQ(w.transport.calls().size(), calls);
    w.clock.Advance(seconds(3));
    EXPECT_EQ(w.transport.calls().size(), calls + 1);
    EXPECT_THAT(w.Names(), ElementsAre("a"));
    w.call().Answer(ListText("3", {ServiceText("b", "2")}));
    EXPECT_THAT(w.Names(), ElementsAre("b"));
    EXPECT_EQ(w.Query("resourceVersion"), "3");
  }
}

TEST(List, ByAServerThatCannotSelectServicesByAddressIsOfAllServices) {
  ReflectorWorld w;
  w.reflector.Publish();
  w.call().Answer(400, StatusText(400, "BadRequest", "field label not supported: spec.clusterIP"));
  EXPECT_EQ(w.Query("fieldSelector"), "");
  EXPECT_EQ(w.Query("sendInitialEvents"), "true");
  w.call().Begin().Bytes(EventText("ADDED", ServiceText("b", "2")) + BookmarkText("3", true));
  EXPECT_THAT(w.Names(), ElementsAre("b"));
}

TEST(FirstList, WaitsForItsOwnerAndFollowsMeanwhile) {
  ReflectorWorld w;
  EXPECT_FALSE(w.reflector.settled());
  w.call().Begin().Bytes(EventText("ADDED", ServiceText("a", "1")) + BookmarkText("5", true));
  EXPECT_TRUE(w.reflector.settled());
  w.call().Bytes(EventText("ADDED", ServiceText("b", "6")) +
                 EventText("DELETED", ServiceText("a", "7")));
  EXPECT_THAT(w.Names(), IsEmpty());
  w.reflector.Publish();
  EXPECT_THAT(w.Names(), ElementsAre("b"));
  w.call().Bytes(EventText("ADDED", ServiceText("c", "8")));
  EXPECT_THAT(w.Names(), ElementsAre("b", "c"));
}

TEST(FirstList, ThatHasExpiredBeforeItWasWantedIsNotWanted) {
  ReflectorWorld w;
  w.call().Begin().Bytes(EventText("ADDED", ServiceText("a", "1")) + BookmarkText("5", true));
  w.call().Bytes(EventText("ERROR", StatusText(410, "Expired", "too old")));
  w.clock.AdvanceToAlarm();
  EXPECT_FALSE(w.reflector.settled());
  w.call().Begin().Bytes(EventText("ADDED", ServiceText("b", "1")) + BookmarkText("5", true));
  w.reflector.Publish();
  EXPECT_THAT(w.Names(), ElementsAre("b"));
}

}  // namespace
}  // namespace fairlead::api
