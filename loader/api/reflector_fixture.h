// SPDX-License-Identifier: Apache-2.0
//
// For tests: a reflector of Services whose server and time are the test's.
#ifndef FAIRLEAD_LOADER_API_REFLECTOR_FIXTURE_H_
#define FAIRLEAD_LOADER_API_REFLECTOR_FIXTURE_H_

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loader/api/manual_clock.h"
#include "loader/api/recorded.h"
#include "loader/api/reflector.h"
#include "loader/api/scripted_transport.h"

namespace fairlead::api {

inline constexpr char kServicesPath[] = "/api/v1/services";

inline std::string ServiceText(const std::string& name, const std::string& version,
                               const std::string& spec = "{}") {
  return fmt::format(
      R"({{"metadata":{{"name":"{}","namespace":"shop","resourceVersion":"{}"}},"spec":{}}})", name,
      version, spec);
}

inline std::string EventText(const std::string& type, const std::string& object) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
}

inline std::string BookmarkText(const std::string& version, bool ends_list = false) {
  const std::string annotations =
      ends_list ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "";
  return EventText("BOOKMARK", fmt::format(R"({{"metadata":{{"resourceVersion":"{}"{}}}}})",
                                           version, annotations));
}

inline std::string ListText(const std::string& version, const std::vector<std::string>& items,
                            const std::string& next = "") {
  return fmt::format(
      R"({{"kind":"List","metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
      version, next, fmt::join(items, ","));
}

inline std::string StatusText(int code, const std::string& reason, const std::string& message,
                              const std::string& details = "{}") {
  return fmt::format(R"({{"kind":"Status","code":{},"reason":"{}","message":"{}","details":{}}})",
                     code, reason, message, details);
}

// The value of a query's key; "" if it is not there.
inline std::string QueryOf(const std::string& target, const std::string& key) {
  for (const char* before : {"?", "&"}) {
    const size_t at = target.find(before + key + "=");
    if (at == std::string::npos) continue;
    const size_t begin = at + key.size() + 2;
    return target.substr(begin, target.find('&', begin) - begin);
  }
  return "";
}

// It streams lists unless the test says otherwise.
class ReflectorWorld {
 public:
  ReflectorWorld() { reflector.Start(); }

  ScriptedTransport::Call& call() { return transport.last(); }
  std::string Query(const std::string& key) { return QueryOf(call().target(), key); }
  bool IsWatch() { return Query("watch") == "true" && Query("sendInitialEvents").empty(); }

  // The first list, published: from now on the store follows.
  void List(const std::string& version, const std::vector<std::string>& items) {
    reflector.Publish();
    call().Begin();
    for (const std::string& item : items) call().Bytes(EventText("ADDED", item));
    call().Bytes(BookmarkText(version, true));
  }
  // Makes lists come by pages.
  void RefuseStreams() { call().Answer(422, StatusText(422, "Invalid", "forbidden")); }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& [name, service] : store.services()) names.push_back(name.name);
    return names;
  }
  std::string Problem() { return fmt::format("{}", fmt::join(reflector.problems(), "; ")); }

  ManualClock clock;
  ScriptedTransport transport;
  kube::ObjectStore store;
  int heard = 0;
  Reflector reflector{
      ResourcesFor({.node_name = "n1"})[0], transport, clock, store, 1, [this] { ++heard; }};
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_REFLECTOR_FIXTURE_H_
