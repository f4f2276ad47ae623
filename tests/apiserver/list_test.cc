// SPDX-License-Identifier: Apache-2.0
//
// Lists and watches where nothing was recorded: versions, pages, selectors, the
// window, as Kubernetes documents them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/fixture.h"

namespace fairlead::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kServices[] = "/api/v1/services";

Json Service(const std::string& name, const Labels& labels = {}) {
  Json service = {{"metadata", {{"name", name}, {"namespace", "shop"}}}};
  for (const auto& [key, value] : labels) service["metadata"]["labels"][key] = value;
  return service;
}

class EmptyApi : public ::testing::Test {
 protected:
  EmptyApi() { api_.access().AddToken("secret", "admin"); }

  Store& store() { return api_.store(); }
  void Put(const Json& object) { store().Put(ResourceOf("services"), object); }
  Answer Ask(const std::string& target, const std::string& method = "GET",
             const std::string& body = "", const std::string& type = "application/json") {
    return api_.Ask({.method = method,
                     .target = target,
                     .headers = {{"authorization", "Bearer secret"}, {"content-type", type}},
                     .body = body});
  }
  // An object, however it is wrapped.
  Json Get(const std::string& target) {
    const Answer answer = Ask(target);
    Got got;
    ReadOn(*answer.body, got);
    return Json::parse(got.body);
  }
  std::vector<std::string> NamesIn(const Json& list) {
    std::vector<std::string> names;
    for (const Json& item : list["items"]) names.push_back(item["metadata"]["name"]);
    return names;
  }
  // "ADDED web" …, of what a stream says now.
  std::vector<std::string> EventsOf(const Answer& watch) {
    Got got;
    ReadOn(*watch.body, got);
    std::vector<std::string> events;
    std::istringstream lines(got.body);
    for (std::string line; std::getline(lines, line);) {
      const Json event = Json::parse(line);
      events.push_back(event["type"].get<std::string>() + " " +
                       event["object"]["metadata"].value("name", ""));
    }
    return events;
  }

  Api api_{ApiOptions{.window = 3}};
};

TEST_F(EmptyApi, ListsNothingAsAnEmptyArray) {
  const Answer answer = Ask(kServices);
  Got got;
  ReadOn(*answer.body, got);
  EXPECT_EQ(
      got.body,
      "{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"1\"},"
      "\"items\":[]}\n");
}

TEST_F(EmptyApi, ContinuesAListAsItWasAtItsFirstPage) {
  for (const char* name : {"a", "c", "e"}) Put(Service(name));
  const Json first = Get("/api/v1/services?limit=1");
  EXPECT_THAT(NamesIn(first), ElementsAre("a"));
  Put(Service("b"));
  store().Erase(ResourceOf("services"), "shop/e");
  const std::string next = first["metadata"]["continue"];
  EXPECT_THAT(NamesIn(Get("/api/v1/services?continue=" + next)), ElementsAre("c", "e"));
  EXPECT_THAT(NamesIn(Get(kServices)), ElementsAre("a", "b", "c"));
}

TEST_F(EmptyApi, EndsAContinuedListThatHasLeftTheWindow) {
  for (const char* name : {"a", "b", "c"}) Put(Service(name));
  const std::string next = Get("/api/v1/services?limit=1")["metadata"]["continue"];
  for (const char* name : {"d", "e", "f", "g"}) Put(Service(name));
  const Json gone = Get("/api/v1/services?limit=1&continue=" + next);
  EXPECT_EQ(gone["code"], 410);
  const std::string rest = gone["metadata"]["continue"];
  EXPECT_THAT(NamesIn(Get("/api/v1/services?limit=2&continue=" + rest)), ElementsAre("b", "c"));
}

TEST_F(EmptyApi, ListsWholeWhatComesFromItsCache) {
  for (const char* name : {"a", "b"}) Put(Service(name));
  EXPECT_THAT(NamesIn(Get("/api/v1/services?limit=1&resourceVersion=0")), ElementsAre("a", "b"));
}

TEST_F(EmptyApi, ListsExactVersionsWhileItHasThem) {
  for (const char* name : {"a", "b", "c"}) Put(Service(name));
  const std::string exact = "/api/v1/services?resourceVersionMatch=Exact&resourceVersion=";
  EXPECT_THAT(NamesIn(Get(exact + "3")), ElementsAre("a", "b"));
  EXPECT_EQ(Get(exact + "99")["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
  store().Compact();
  EXPECT_EQ(Get(exact + "3")["code"], 410);
  EXPECT_EQ(Get(exact + "0")["code"], 422);
  EXPECT_EQ(Get("/api/v1/services?resourceVersionMatch=Exact")["code"], 422);
  EXPECT_EQ(Get("/api/v1/services?resourceVersion=many")["code"], 400);
}

TEST_F(EmptyApi, SelectsByLabelsAndFields) {
  Put(Service("a", {{"app", "web"}}));
  Put(Service("b", {{"app", "db"}, {"service.kubernetes.io/headless", ""}}));
  EXPECT_THAT(NamesIn(Get("/api/v1/services?labelSelector=%21service.kubernetes.io%2Fheadless")),
              ElementsAre("a"));
  EXPECT_THAT(NamesIn(Get("/api/v1/services?fieldSelector=metadata.name%3Db")), ElementsAre("b"));
  EXPECT_EQ(Get("/api/v1/services?fieldSelector=spec.nodeName%3Db")["message"],
            "field label not supported: spec.nodeName");
  Json headless = Service("c");
  headless["spec"]["clusterIP"] = "None";
  Put(headless);
  EXPECT_THAT(NamesIn(Get("/api/v1/services?fieldSelector=spec.clusterIP%21%3DNone")),
              ElementsAre("a", "b"));
  for (const char* node : {"node1", "node2"}) {
    store().Put(ResourceOf("pods"), {{"metadata", {{"name", node}, {"namespace", "shop"}}},
                                     {"spec", {{"nodeName", node}}}});
  }
  EXPECT_THAT(NamesIn(Get("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode2")),
              ElementsAre("node2"));
}

TEST_F(EmptyApi, WatchesWithASelectorSeeObjectsComeAndGo) {
  const Answer watch = Ask("/api/v1/services?watch=1&resourceVersion=1&labelSelector=app%3Dweb");
  Put(Service("a", {{"app", "db"}}));
  EXPECT_THAT(EventsOf(watch), IsEmpty());
  Put(Service("a", {{"app", "web"}}));
  EXPECT_THAT(EventsOf(watch), ElementsAre("ADDED a"));
  Put(Service("a", {{"app", "web"}, {"tier", "front"}}));
  EXPECT_THAT(EventsOf(watch), ElementsAre("MODIFIED a"));
  Put(Service("a", {{"app", "db"}}));
  EXPECT_THAT(EventsOf(watch), ElementsAre("DELETED a"));
  store().Erase(ResourceOf("services"), "shop/a");
  EXPECT_THAT(EventsOf(watch), IsEmpty());
}

TEST_F(EmptyApi, WatchesOfOneNamespaceSeeNoOther) {
  const Answer watch = Ask("/api/v1/namespaces/bank/services?watch=1&resourceVersion=1");
  Put(Service("a"));
  EXPECT_THAT(EventsOf(watch), IsEmpty());
}

TEST_F(EmptyApi, EndsWatchesThatTheWindowHasOvertaken) {
  const Answer watch = Ask("/api/v1/services?watch=1&resourceVersion=1");
  for (const char* name : {"a", "b", "c", "d", "e"}) Put(Service(name));
  std::string text;
  EXPECT_EQ(watch.body->Read(text, 1000), Body::State::kEnd);
  EXPECT_EQ(text, "");
  EXPECT_THAT(EventsOf(Ask("/api/v1/services?watch=1&resourceVersion=1")), ElementsAre("ERROR "));
  EXPECT_THAT(EventsOf(Ask("/api/v1/services?watch=1&resourceVersion=5")), ElementsAre("ADDED e"));
}

TEST_F(EmptyApi, TellsABookmarkWithTheVersionOfOtherKinds) {
  api_.options().watch.bookmark_interval = std::chrono::milliseconds(0);
  const Answer watch = Ask("/api/v1/services?watch=1&resourceVersion=1&allowWatchBookmarks=true");
  store().Put(ResourceOf("nodes"), {{"metadata", {{"name", "node1"}}}});
  std::string text;
  EXPECT_EQ(watch.body->Read(text, 1000), Body::State::kLater);
  EXPECT_THAT(text, HasSubstr("{\"type\":\"BOOKMARK\""));
  EXPECT_THAT(text, HasSubstr("\"resourceVersion\":\"2\""));
}

TEST_F(EmptyApi, SaysNothingToAWatchFromTheFuture) {
  const Answer watch = Ask("/api/v1/services?watch=1&resourceVersion=100");
  Put(Service("a"));
  EXPECT_THAT(EventsOf(watch), IsEmpty());
  const Json late =
      Get("/api/v1/services?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
          "&allowWatchBookmarks=true&resourceVersion=100");
  EXPECT_EQ(late["code"], 504);
}

TEST_F(EmptyApi, LocksOptimistically) {
  Put(Service("a"));
  const std::string target = "/api/v1/namespaces/shop/services/a";
  Json service = Get(target);
  service["spec"] = {{"type", "ClusterIP"}};
  EXPECT_EQ(Ask(target, "PUT", service.dump()).code, 200);
  EXPECT_EQ(Ask(target, "PUT", service.dump()).code, 409);
  const Version before = store().version();
  EXPECT_EQ(
      Ask(target, "PATCH", R"({"spec":{"type":"ClusterIP"}})", "application/merge-patch+json").code,
      200);
  EXPECT_EQ(store().version(), before);  // nothing has changed
  EXPECT_EQ(Ask(target, "PATCH", "{}", "application/strategic-merge-patch+json").code, 415);
}

TEST_F(EmptyApi, KeepsSpecAndStatusApart) {
  store().Put(ResourceOf("nodes"),
              {{"metadata", {{"name", "node1"}}}, {"spec", {{"podCIDR", "x"}}}});
  const std::string patch = R"({"spec":{"podCIDR":"y"},"status":{"phase":"z"}})";
  const std::string type = "application/merge-patch+json";
  EXPECT_EQ(Ask("/api/v1/nodes/node1/status", "PATCH", patch, type).code, 200);
  EXPECT_EQ(Get("/api/v1/nodes/node1")["spec"]["podCIDR"], "x");
  EXPECT_EQ(Get("/api/v1/nodes/node1")["status"]["phase"], "z");
}

TEST_F(EmptyApi, MergesConditionsByTheirType) {
  store().Put(ResourceOf("nodes"),
              Json::parse(R"({"metadata":{"name":"node1"},"status":{"conditions":[
      {"type":"Ready","status":"True"},{"type":"NetworkUnavailable","status":"True"}]}})"));
  const std::string patch =
      R"({"status":{"conditions":[{"type":"NetworkUnavailable","status":"False"}]}})";
  const std::string type = "application/strategic-merge-patch+json";
  EXPECT_EQ(Ask("/api/v1/nodes/node1/status", "PATCH", patch, type).code, 200);
  EXPECT_EQ(Get("/api/v1/nodes/node1")["status"]["conditions"].dump(),
            R"([{"type":"Ready","status":"True"},{"type":"NetworkUnavailable","status":"False"}])");
}

TEST_F(EmptyApi, SaysWhatItServes) {
  EXPECT_EQ(Get("/api/v1")["kind"], "APIResourceList");
  EXPECT_EQ(Get("/apis")["groups"].size(), 3);
  EXPECT_EQ(Ask("/api/v1/lamps").code, 404);
  EXPECT_EQ(Ask("/lamps").code, 404);
  EXPECT_EQ(Ask("/api/v1/services", "PUT").code, 405);
  api_.options().not_served.insert("servicecidrs");
  EXPECT_EQ(Ask("/apis/networking.k8s.io/v1/servicecidrs").code, 404);
}

}  // namespace
}  // namespace fairlead::apiserver
