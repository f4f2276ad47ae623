// SPDX-License-Identifier: Apache-2.0
//
// For tests of the server: what a kube-apiserver has once said
// (tests/fixtures/apiserver), and a server that has the same objects.
#ifndef FAIRLEAD_TESTS_APISERVER_FIXTURE_H_
#define FAIRLEAD_TESTS_APISERVER_FIXTURE_H_

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "tests/apiserver/api.h"

namespace fairlead::apiserver {

inline std::string Fixture(const std::string& name) {
  std::ifstream file(std::string(FAIRLEAD_FIXTURES) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Of an .http fixture.
inline std::string BodyOf(const std::string& http) {
  return http.substr(http.find("\r\n\r\n") + 4);
}

// The names of its headers, without those that the connection adds.
inline std::vector<std::string> HeaderNamesOf(const std::string& http) {
  std::vector<std::string> names;
  std::istringstream head(http.substr(0, http.find("\r\n\r\n")));
  std::string line;
  std::getline(head, line);
  while (std::getline(head, line)) {
    const std::string name = line.substr(0, line.find(':'));
    if (name != "Date" && name != "Content-Length" && name != "Transfer-Encoding") {
      names.push_back(name);
    }
  }
  return names;
}

struct Got {
  int code = 0;
  std::vector<std::string> header_names = {};
  std::string body = {};
  Body::State state = Body::State::kMore;
};

// Reads until nothing more comes now.
inline void ReadOn(Body& body, Got& got) {
  constexpr size_t kRoom = 1000;
  do {
    got.state = body.Read(got.body, kRoom);
  } while (got.state == Body::State::kMore);
}

// Has the objects that the fixtures' cluster had, in the version in which it had them.
class FixtureApi {
 public:
  static constexpr Version kVersion = 264;

  explicit FixtureApi(const ApiOptions& options = {}) : api_(options) {
    for (const char* plural :
         {"services", "endpointslices", "nodes", "pods", "namespaces", "networkpolicies"}) {
      Load(plural, Fixture(std::string(plural) + ".list.json"));
    }
    Load("services", Fixture("services.page1.json"));
    api_.store().SetVersion(kVersion);
    api_.access().AddToken("secret", "admin");
  }

  Api& api() { return api_; }

  // A GET as `curl` would send it.
  Request Get(const std::string& target) const {
    return {.method = "GET",
            .target = target,
            .headers = {{"user-agent", "curl/7.88.1"}, {"authorization", "Bearer secret"}}};
  }

  Got Ask(const Request& request) {
    const Answer answer = api_.Ask(request);
    Got got{.code = answer.code};
    for (const auto& [name, value] : answer.headers) got.header_names.push_back(name);
    ReadOn(*answer.body, got);
    return got;
  }
  Got Ask(const std::string& target) { return Ask(Get(target)); }

  // The events of a recorded watch happen here, each in its own version.
  void Replay(const std::string& plural, const std::string& lines) {
    const Resource& resource = ResourceOf(plural);
    std::istringstream events(lines);
    for (std::string line; std::getline(events, line);) {
      if (line.empty()) continue;
      const Json event = Json::parse(line);
      const Json& object = event["object"];
      const std::string version = object["metadata"]["resourceVersion"];
      if (event["type"] == "BOOKMARK") continue;
      if (event["type"] == "DELETED") {
        api_.store().Erase(resource, KeyOf(resource, object), std::stoull(version));
      } else {
        api_.store().Put(resource, object, std::stoull(version));
      }
    }
  }

 private:
  void Load(const std::string& plural, const std::string& list) {
    const Json parsed = Json::parse(list);
    for (const Json& item : parsed["items"]) {
      const std::string version = item["metadata"]["resourceVersion"];
      api_.store().Put(ResourceOf(plural), item, std::stoull(version));
    }
  }

  Api api_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_FIXTURE_H_
