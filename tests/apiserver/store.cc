// SPDX-License-Identifier: Apache-2.0
//
// See store.h.
#include "tests/apiserver/store.h"

#include <algorithm>

namespace fairlead::apiserver {
namespace {

std::string TextAt(const Json& object, const std::string& pointer) {
  const auto at = Json::json_pointer(pointer);
  return object.contains(at) && object.at(at).is_string() ? object.at(at).get<std::string>() : "";
}

Labels LabelsOf(const Json& object) {
  Labels labels;
  const auto at = Json::json_pointer("/metadata/labels");
  if (!object.contains(at) || !object.at(at).is_object()) return labels;
  for (const auto& [key, value] : object.at(at).items()) {
    if (value.is_string()) labels[key] = value.get<std::string>();
  }
  return labels;
}

Labels FieldsOf(const Resource& resource, const Json& object) {
  Labels fields = {{"metadata.name", TextAt(object, "/metadata/name")}};
  if (resource.namespaced) fields["metadata.namespace"] = TextAt(object, "/metadata/namespace");
  for (const std::string_view field : resource.selectable_fields) {
    if (field.empty()) continue;
    std::string pointer = "/" + std::string(field);
    std::ranges::replace(pointer, '.', '/');
    fields[std::string(field)] = TextAt(object, pointer);
  }
  return fields;
}

// Behind the name and uid, where Go has it, if the object has none yet.
void SetVersionOf(Json& object, Version version) {
  Json& metadata = object["metadata"];
  if (metadata.contains("resourceVersion")) {
    metadata["resourceVersion"] = std::to_string(version);
    return;
  }
  Json ordered = Json::object();
  for (const char* first : {"name", "generateName", "namespace", "uid"}) {
    if (metadata.contains(first)) ordered[first] = metadata[first];
  }
  ordered["resourceVersion"] = std::to_string(version);
  for (const auto& [key, value] : metadata.items()) {
    if (!ordered.contains(key)) ordered[key] = value;
  }
  metadata = std::move(ordered);
}

}  // namespace

std::string KeyOf(const Resource& resource, const Json& object) {
  const std::string name = TextAt(object, "/metadata/name");
  return resource.namespaced ? TextAt(object, "/metadata/namespace") + "/" + name : name;
}

std::string TextInVersion(const Object& object, Version version) {
  Json json = Json::parse(object.text);
  SetVersionOf(json, version);
  return CompactText(json);
}

std::string WithKind(const Resource& resource, std::string_view text) {
  std::string whole = "{\"kind\":" + Quoted(resource.kind) +
                      ",\"apiVersion\":" + Quoted(resource.GroupVersion()) + ",";
  whole += text.substr(1);
  return whole;
}

void Store::Note(const Resource& resource, Shelf& shelf, Event event) {
  version_ = std::max(version_, event.version);
  shelf.events.push_back(std::move(event));
  while (shelf.events.size() > window_) {
    shelf.oldest = shelf.events.front().version;
    shelf.events.pop_front();
  }
  if (observer_) observer_(resource, shelf.events.back());
}

ObjectPtr Store::Put(const Resource& resource, Json object, std::optional<Version> version) {
  object.erase("kind");
  object.erase("apiVersion");
  auto stored = std::make_shared<Object>();
  stored->version = version.value_or(version_ + 1);
  SetVersionOf(object, stored->version);
  stored->key = KeyOf(resource, object);
  stored->labels = LabelsOf(object);
  stored->fields = FieldsOf(resource, object);
  stored->text = CompactText(object);
  Shelf& shelf = shelves_[&resource];
  ObjectPtr& place = shelf.objects[stored->key];
  const ObjectPtr before = std::exchange(place, stored);
  Note(resource, shelf, {stored->version, before, stored});
  return stored;
}

ObjectPtr Store::Erase(const Resource& resource, const std::string& key,
                       std::optional<Version> version) {
  Shelf& shelf = shelves_[&resource];
  const auto found = shelf.objects.find(key);
  if (found == shelf.objects.end()) return nullptr;
  ObjectPtr before = std::move(found->second);
  shelf.objects.erase(found);
  Note(resource, shelf, {version.value_or(version_ + 1), before, nullptr});
  return before;
}

ObjectPtr Store::Find(const Resource& resource, const std::string& key) const {
  const Objects& objects = All(resource);
  const auto found = objects.find(key);
  return found == objects.end() ? nullptr : found->second;
}

const Store::Objects& Store::All(const Resource& resource) const {
  static const Objects kNone;
  const auto shelf = shelves_.find(&resource);
  return shelf == shelves_.end() ? kNone : shelf->second.objects;
}

const std::deque<Event>& Store::events(const Resource& resource) const {
  static const std::deque<Event> kNone;
  const auto shelf = shelves_.find(&resource);
  return shelf == shelves_.end() ? kNone : shelf->second.events;
}

Version Store::oldest(const Resource& resource) const {
  const auto shelf = shelves_.find(&resource);
  return std::max(compacted_, shelf == shelves_.end() ? 0 : shelf->second.oldest);
}

std::vector<ObjectPtr> Store::AllIn(const Resource& resource, Version version,
                                    const std::string& from_key) const {
  const Objects& now = All(resource);
  // The first change after `version` says what was there.
  std::map<std::string, ObjectPtr> then;
  for (const Event& event : events(resource)) {
    const std::string& key = event.after ? event.after->key : event.before->key;
    if (event.version > version && key >= from_key) then.try_emplace(key, event.before);
  }
  std::vector<ObjectPtr> objects;
  auto old = then.begin();
  for (auto it = now.lower_bound(from_key); it != now.end() || old != then.end();) {
    if (old == then.end() || (it != now.end() && it->first < old->first)) {
      objects.push_back((it++)->second);
      continue;
    }
    if (it != now.end() && it->first == old->first) ++it;
    if (old->second) objects.push_back(old->second);
    ++old;
  }
  return objects;
}

void Store::Compact() {
  for (auto& [resource, shelf] : shelves_) shelf.events.clear();
  compacted_ = version_;
}

void Store::SetVersion(Version version) {
  version_ = version;
  for (auto& [resource, shelf] : shelves_) shelf.oldest = 0;
  Compact();
}

void Store::Restore(const Store& other) {
  shelves_ = other.shelves_;
  SetVersion(other.version_);
}

}  // namespace fairlead::apiserver
