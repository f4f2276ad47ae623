// SPDX-License-Identifier: Apache-2.0
//
// See write.h.
#include "tests/apiserver/write.h"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <random>

namespace fairlead::apiserver {
namespace {

constexpr size_t kMostEvents = 1000;

}  // namespace

std::string TimestampNow() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text.data(), size};
}

namespace {

std::string StringOf(const Json& object, const char* member) {
  return object.contains(member) && object[member].is_string() ? object[member].get<std::string>()
                                                               : "";
}

using JsonOrStatus = std::variant<Json, ApiStatus>;

JsonOrStatus ReadObject(const Place& place, const Request& request) {
  if (request.Header("content-type").find("protobuf") != std::string::npos) {
    return UnsupportedMediaType();
  }
  auto object = ParseJson(request.body);
  if (!object.ok() || !object->is_object()) {
    return BadRequest("the object provided is unrecognized (must be of type " +
                      std::string(place.resource->kind) + ")");
  }
  const std::string kind = StringOf(*object, "kind");
  if (!kind.empty() && kind != place.resource->kind) {
    return BadRequest(fmt::format("{} in version \"{}\" cannot be handled as a {}", kind,
                                  place.resource->version, place.resource->kind));
  }
  Json& metadata = (*object)["metadata"];
  if (!metadata.is_object()) return BadRequest("metadata: Required value");
  if (place.resource->namespaced) {
    const std::string space = StringOf(metadata, "namespace");
    if (space.empty()) {
      metadata["namespace"] = place.space;
    } else if (space != place.space) {
      return BadRequest(
          "the namespace of the provided object does not match the namespace sent on "
          "the request");
    }
  }
  return *std::move(object);
}

Written AsWritten(const Place& place, const ObjectPtr& object, int code = 200) {
  return {.code = code, .text = WithKind(*place.resource, object->text)};
}

// The strategic merge of a status, of which one rule is enough: conditions are known by their type.
void MergeStatus(Json& object, const Json& patch) {
  const Json conditions = patch.contains("status") && patch["status"].contains("conditions")
                              ? patch["status"]["conditions"]
                              : Json::array();
  Json rest = patch;
  if (rest.contains("status")) rest["status"].erase("conditions");
  object.merge_patch(rest);
  for (const Json& condition : conditions) {
    Json& all = object["status"]["conditions"];
    const auto same = std::ranges::find_if(
        all, [&](const Json& one) { return one["type"] == condition["type"]; });
    if (same == all.end()) {
      all.push_back(condition);
    } else {
      same->merge_patch(condition);
    }
  }
}

// What a client does not decide, and what a write to one half leaves of the other.
WrittenOrStatus Update(Store& store, const Place& place, const Object& old, Json changed) {
  const Json before = Json::parse(old.text);
  Json& metadata = changed["metadata"];
  if (!metadata.is_object()) return BadRequest("metadata: Required value");
  const std::string version = StringOf(metadata, "resourceVersion");
  if (!version.empty() && version != std::to_string(old.version)) {
    return Conflict(*place.resource, place.name);
  }
  if (StringOf(metadata, "name") != place.name) {
    return BadRequest("the name of the object does not match the name on the URL");
  }
  for (const char* kept : {"uid", "creationTimestamp"}) {
    if (before["metadata"].contains(kept)) metadata[kept] = before["metadata"][kept];
  }
  if (place.status) {
    Json whole = before;
    if (changed.contains("status")) whole["status"] = changed["status"];
    for (const char* also : {"labels", "annotations"}) {
      if (metadata.contains(also)) whole["metadata"][also] = metadata[also];
    }
    changed = std::move(whole);
  } else if (place.resource->has_status) {
    changed.erase("status");
    if (before.contains("status")) changed["status"] = before["status"];
  }
  changed["metadata"]["resourceVersion"] = std::to_string(old.version);
  Json same = changed;
  same.erase("kind");
  same.erase("apiVersion");
  if (same == before) {  // a write that changes nothing has no version of its own
    return Written{.text = WithKind(*place.resource, old.text)};
  }
  return AsWritten(place, store.Put(*place.resource, std::move(changed)));
}

}  // namespace

std::string Place::Key() const { return resource->namespaced ? space + "/" + name : name; }

std::string MakeUid() {
  static thread_local std::mt19937_64 random(std::random_device{}());
  const uint64_t a = random(), b = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xfff,
                     (b >> 48 & 0x3fff) | 0x8000, b & 0xffffffffffff);
}

WrittenOrStatus Create(Store& store, const Place& place, const Request& request) {
  auto read = ReadObject(place, request);
  if (auto* refused = std::get_if<ApiStatus>(&read)) return std::move(*refused);
  Json& object = std::get<Json>(read);
  Json& metadata = object["metadata"];
  if (StringOf(metadata, "name").empty()) {
    const std::string prefix = StringOf(metadata, "generateName");
    if (prefix.empty()) return BadRequest("name or generateName is required");
    metadata["name"] = prefix + MakeUid().substr(0, 5);
  }
  const std::string name = StringOf(metadata, "name");
  if (!StringOf(metadata, "resourceVersion").empty()) {
    return BadRequest("resourceVersion should not be set on objects to be created");
  }
  const std::string key = KeyOf(*place.resource, object);
  if (store.Find(*place.resource, key)) return AlreadyExists(*place.resource, name);
  metadata["uid"] = MakeUid();
  metadata["creationTimestamp"] = TimestampNow();
  const ObjectPtr stored = store.Put(*place.resource, std::move(object));
  // Events go after an hour; here, when there are many.
  if (place.resource->plural == "events" && store.All(*place.resource).size() > kMostEvents) {
    const auto& all = store.All(*place.resource);
    const auto oldest =
        std::ranges::min_element(all, {}, [](const auto& entry) { return entry.second->version; });
    store.Erase(*place.resource, std::string(oldest->first));
  }
  return AsWritten(place, stored, 201);
}

WrittenOrStatus Replace(Store& store, const Place& place, const Request& request) {
  const ObjectPtr old = store.Find(*place.resource, place.Key());
  if (!old) return NotFound(*place.resource, place.name);
  auto read = ReadObject(place, request);
  if (auto* refused = std::get_if<ApiStatus>(&read)) return std::move(*refused);
  return Update(store, place, *old, std::move(std::get<Json>(read)));
}

WrittenOrStatus Patch(Store& store, const Place& place, const Request& request) {
  const ObjectPtr old = store.Find(*place.resource, place.Key());
  if (!old) return NotFound(*place.resource, place.name);
  const auto patch = ParseJson(request.body);
  if (!patch.ok())
    return BadRequest("error decoding patch: " + std::string(patch.status().message()));
  const std::string type = request.Header("content-type");
  Json changed = Json::parse(old->text);
  try {
    if (type == "application/merge-patch+json") {
      changed.merge_patch(*patch);
    } else if (type == "application/json-patch+json") {
      changed = changed.patch(*patch);
    } else if (type == "application/strategic-merge-patch+json" && place.status) {
      MergeStatus(changed, *patch);
    } else {
      return UnsupportedMediaType();  // a strategic merge needs the types' own rules
    }
  } catch (const Json::exception& error) {
    return BadRequest(error.what());
  }
  if (!changed.is_object()) return BadRequest("the patch leaves no object");
  return Update(store, place, *old, std::move(changed));
}

WrittenOrStatus Delete(Store& store, const Place& place) {
  const ObjectPtr old = store.Erase(*place.resource, place.Key());
  if (!old) return NotFound(*place.resource, place.name);
  const Json object = Json::parse(old->text);
  Json details = {{"name", place.name}};
  if (!place.resource->group.empty()) details["group"] = place.resource->group;
  details["kind"] = place.resource->plural;
  details["uid"] = StringOf(object["metadata"], "uid");
  return Written{.text = CompactText({{"kind", "Status"},
                                      {"apiVersion", "v1"},
                                      {"metadata", Json::object()},
                                      {"status", "Success"},
                                      {"details", details}})};
}

}  // namespace fairlead::apiserver
