// SPDX-License-Identifier: Apache-2.0
//
// The test server says what a kube-apiserver 1.36 said to the same questions about
// the same objects, byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/fixture.h"

namespace fairlead::apiserver {
namespace {

constexpr char kServices[] = "/api/v1/services";

struct Recorded {
  const char* name;
  const char* target;
  const char* file;
};
void PrintTo(const Recorded& recorded, std::ostream* out) { *out << recorded.file; }

class RecordedList : public ::testing::TestWithParam<Recorded> {};

TEST_P(RecordedList, IsGivenByteForByte) {
  FixtureApi fixture;
  const Got got = fixture.Ask(GetParam().target);
  EXPECT_EQ(got.code, 200);
  EXPECT_EQ(got.state, Body::State::kEnd);
  EXPECT_EQ(got.body, Fixture(GetParam().file));
}

INSTANTIATE_TEST_SUITE_P(
    OfAKubeApiserver, RecordedList,
    ::testing::Values(
        Recorded{"Services", "/api/v1/namespaces/shop/services", "services.list.json"},
        Recorded{"EndpointSlices", "/apis/discovery.k8s.io/v1/endpointslices",
                 "endpointslices.list.json"},
        Recorded{"Nodes", "/api/v1/nodes?resourceVersion=0&limit=1", "nodes.list.json"},
        Recorded{"Pods", "/api/v1/pods", "pods.list.json"},
        Recorded{"Namespaces", "/api/v1/namespaces", "namespaces.list.json"},
        Recorded{"NetworkPolicies", "/apis/networking.k8s.io/v1/networkpolicies",
                 "networkpolicies.list.json"},
        Recorded{"FirstPage", "/api/v1/services?limit=4", "services.page1.json"},
        Recorded{"SecondPage",
                 "/api/v1/services?limit=4&continue="
                 "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MjY0LCJzdGFydCI6Ii9zaG9wL2VtcHR5XHUwMDAwIn0",
                 "services.page2.json"}),
    [](const auto& test) { return test.param.name; });

class RecordedError : public ::testing::TestWithParam<Recorded> {};

TEST_P(RecordedError, IsGivenByteForByteWithTheSameHeaders) {
  FixtureApi fixture;
  fixture.api().store().SetVersion(303);  // everything before is compacted
  Request request = fixture.Get(GetParam().target);
  const std::string file = GetParam().file;
  if (file == "error.401.http") request.headers["authorization"] = "Bearer wrong";
  if (file == "error.403-anonymous.http") request.headers.erase("authorization");
  const Got got = fixture.Ask(request);
  const std::string recorded = Fixture(file);
  EXPECT_EQ("HTTP/1.1 " + std::to_string(got.code), recorded.substr(0, sizeof("HTTP/1.1 200") - 1));
  EXPECT_EQ(got.header_names, HeaderNamesOf(recorded));
  EXPECT_EQ(got.body, BodyOf(recorded));
}

INSTANTIATE_TEST_SUITE_P(
    OfAKubeApiserver, RecordedError,
    ::testing::Values(
        Recorded{"BadContinueToken", "/api/v1/services?continue=bogus", "error.400.http"},
        Recorded{"WrongToken", kServices, "error.401.http"},
        Recorded{"Anonymous", kServices, "error.403-anonymous.http"},
        Recorded{"UnknownObject", "/api/v1/namespaces/shop/services/x", "error.404.http"},
        Recorded{"OldContinueToken",
                 "/api/v1/services?limit=4&continue="
                 "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MjY0LCJzdGFydCI6Ii9zaG9wL2VtcHR5XHUwMDAwIn0",
                 "error.410-continue-expired.http"},
        Recorded{"OldWatch", "/api/v1/services?watch=true&resourceVersion=5",
                 "services.watch-410-gone.http"}),
    [](const auto& test) { return test.param.name; });

struct RecordedWatch {
  const char* name;
  const char* target;
  const char* plural;
  const char* file;
};
void PrintTo(const RecordedWatch& recorded, std::ostream* out) { *out << recorded.file; }

class RecordedStream : public ::testing::TestWithParam<RecordedWatch> {};

TEST_P(RecordedStream, IsGivenByteForByte) {
  FixtureApi fixture;
  const std::string recorded = Fixture(GetParam().file);
  const std::string lines = recorded.starts_with("HTTP/") ? BodyOf(recorded) : recorded;
  fixture.api().options().watch.bookmark_interval = std::chrono::hours(1);
  const Answer answer = fixture.api().Ask(fixture.Get(GetParam().target));
  Got got{.code = answer.code};
  ReadOn(*answer.body, got);
  // The WatchList was begun before these changes; so are the watches here.
  const std::string changes = lines.substr(std::min(got.body.size(), lines.size()));
  EXPECT_EQ(got.body, lines.substr(0, got.body.size()));
  fixture.Replay(GetParam().plural, changes);
  while (got.state == Body::State::kLater) ReadOn(*answer.body, got);
  EXPECT_EQ(got.body, lines);
}

INSTANTIATE_TEST_SUITE_P(
    OfAKubeApiserver, RecordedStream,
    ::testing::Values(
        RecordedWatch{"Services",
                      "/api/v1/services?watch=true&resourceVersion=264&allowWatchBookmarks=true"
                      "&timeoutSeconds=1",
                      "services", "services.watch.http"},
        RecordedWatch{"EndpointSlices",
                      "/apis/discovery.k8s.io/v1/endpointslices?watch=true&resourceVersion=264"
                      "&allowWatchBookmarks=true&timeoutSeconds=1",
                      "endpointslices", "endpointslices.watch.jsonl"},
        RecordedWatch{"WatchList",
                      "/api/v1/namespaces/shop/services?watch=1&sendInitialEvents=true"
                      "&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
                      "&timeoutSeconds=1",
                      "services", "services.watchlist.jsonl"}),
    [](const auto& test) { return test.param.name; });

TEST(WatchListOnAnOldEtcd, IsRefusedInTheStreamByteForByte) {
  FixtureApi fixture({.watch = {.watch_list = WatchListSupport::kNoStorage}});
  const Got got = fixture.Ask(
      "/api/v1/services?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
      "&allowWatchBookmarks=true");
  EXPECT_EQ(got.code, 200);
  EXPECT_EQ(got.state, Body::State::kEnd);
  EXPECT_EQ(got.body, Fixture("services.watchlist-unsupported.jsonl"));
}

TEST(WatchListOnAnOldServer, IsRefusedAsAnOptionItDoesNotKnow) {
  FixtureApi fixture({.watch = {.watch_list = WatchListSupport::kNoFeature}});
  const Got got = fixture.Ask(
      "/api/v1/services?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
      "&allowWatchBookmarks=true");
  EXPECT_EQ(got.code, 422);
  EXPECT_THAT(got.body, ::testing::HasSubstr("sendInitialEvents is forbidden for watch unless"));
}

}  // namespace
}  // namespace fairlead::apiserver
