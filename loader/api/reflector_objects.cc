// SPDX-License-Identifier: Apache-2.0
//
// Reflector's share in single objects: items of lists and events of watches.
#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "loader/api/reflector.h"

namespace fairlead::api {
namespace {

using kube::JsonValue;

constexpr char kInitialEventsEnd[] = "k8s.io/initial-events-end";
constexpr size_t kMostBroken = 1000;  // more help nobody and cost memory

kube::ObjectName NameIn(JsonValue object) {
  const JsonValue metadata = object.Find("metadata");
  return {std::string(metadata.TextOf("namespace")), std::string(metadata.TextOf("name"))};
}

}  // namespace

bool Reflector::Take(std::string_view text) {
  const auto value = parser_.Parse(text);
  if (!value.ok()) {
    failure_ = fmt::format("an object {}", std::string(value.status().message()));
    return false;
  }
  if (asked_ != Asked::kPage) return TakeEvent(*value);
  Put(*value);
  return true;
}

bool Reflector::TakeEvent(JsonValue event) {
  ++counts_.events;
  const std::string_view type = event.TextOf("type");
  const JsonValue object = event.Find("object");
  if (type == "ERROR") {
    error_event_ = ReadServerStatus(object);
    return false;
  }
  refused_watches_ = 0;
  if (type == "BOOKMARK") return TakeBookmark(object);
  if (type == "ADDED" || type == "MODIFIED") {
    Put(object);
  } else if (type == "DELETED") {
    Erase(object);
  } else {
    failure_ = fmt::format("an event has the type \"{}\"", type);
    return false;
  }
  FollowVersion(object);
  return true;
}

bool Reflector::TakeBookmark(JsonValue object) {
  const JsonValue metadata = object.Find("metadata");
  const bool ends_list = metadata.Find("annotations").TextOf(kInitialEventsEnd) == "true";
  if (!needs_list_) {
    FollowVersion(object);
  } else if (ends_list) {
    const std::string_view version = metadata.TextOf("resourceVersion");
    if (version.empty()) {
      failure_ = "a bookmark has no metadata.resourceVersion";
      return false;
    }
    ListCompleted(std::string(version));
  }
  return true;
}

// Where a watch goes on. While a list streams in there is nothing to go on from.
void Reflector::FollowVersion(JsonValue object) {
  const std::string_view version = object.Find("metadata").TextOf("resourceVersion");
  if (!needs_list_ && !version.empty()) version_ = version;
}

void Reflector::Put(JsonValue object) {
  const absl::StatusOr<kube::AnyObject> parsed = kube::ParseObject(resource_.kind, object);
  if (!parsed.ok()) return NoteBroken(object, std::string(parsed.status().message()));
  if (!broken_.empty()) broken_.erase(kube::NameOf(*parsed));
  if (listing_.has_value()) {
    listing_->Put(*parsed);
  } else {
    store_.Put(*parsed, "");
  }
}

void Reflector::Erase(JsonValue object) {
  const kube::ObjectName name = NameIn(object);
  broken_.erase(name);
  if (listing_.has_value()) {
    listing_->Erase(name);
  } else {
    store_.Erase({resource_.kind, name});
  }
}

void Reflector::NoteBroken(JsonValue object, std::string_view reason) {
  const kube::ObjectName name = NameIn(object);
  if (listing_.has_value() && name.name.empty()) listing_->KeepAll();
  if (listing_.has_value()) listing_->Keep(name);
  if (broken_.size() >= kMostBroken && !broken_.contains(name)) return;
  std::string text =
      fmt::format("{}: {}", kube::ObjectRef{resource_.kind, name}.ToString(), reason);
  std::string& known = broken_[name];
  if (known == text) return;
  LogWarn("{}", text);
  known = std::move(text);
}

std::vector<std::string> Reflector::problems() const {
  std::vector<std::string> problems;
  if (!problem_.empty()) problems.push_back(problem_);
  for (const auto& [name, text] : broken_) problems.push_back(text);
  return problems;
}

}  // namespace fairlead::api
