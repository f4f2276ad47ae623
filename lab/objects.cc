// SPDX-License-Identifier: Apache-2.0
//
// See objects.h. yaml-cpp and nlohmann throw; nothing of that leaves this file.
#include "lab/objects.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <set>
#include <utility>

#include "base/status_macros.h"
#include "lab/files.h"

namespace fairlead::lab {
namespace {

Object ScalarToJson(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // it was quoted
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "True") return true;
  if (text == "false" || text == "False") return false;
  // A number exactly when JSON would say so: "0755" and "1.2.3" are texts.
  Object number = Object::parse(text, nullptr, false);
  return number.is_number() ? number : Object(text);
}

Object ToJson(const YAML::Node& node) {
  if (node.IsScalar()) return ScalarToJson(node);
  if (node.IsSequence()) {
    Object list = Object::array();
    for (const auto& item : node) list.push_back(ToJson(item));
    return list;
  }
  if (!node.IsMap()) return nullptr;
  Object map = Object::object();
  for (const auto& entry : node) map[entry.first.Scalar()] = ToJson(entry.second);
  return map;
}

void TakeApart(Object object, std::vector<Object>& into) {
  if (!object.is_object()) return;
  const std::string kind = KindOf(object);
  if (kind.ends_with("List") && object.contains("items") && object["items"].is_array()) {
    for (Object& item : object["items"]) TakeApart(std::move(item), into);
  } else if (!kind.empty()) {
    into.push_back(std::move(object));
  }
}

}  // namespace

absl::StatusOr<std::vector<Object>> ParseObjects(const std::string& text) {
  std::vector<Object> objects;
  try {
    for (const YAML::Node& document : YAML::LoadAll(text)) TakeApart(ToJson(document), objects);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return objects;
}

bool IsManifestFile(const std::string& file) {
  return !file.starts_with('.') &&
         (file.ends_with(".yaml") || file.ends_with(".yml") || file.ends_with(".json"));
}

absl::StatusOr<std::vector<Object>> ReadObjects(const std::string& folder, BrokenFiles broken) {
  std::error_code error;
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (IsManifestFile(entry.path().filename().string())) files.insert(entry.path().string());
  }
  if (error) return absl::NotFoundError(fmt::format("read {}: {}", folder, error.message()));
  std::vector<Object> objects;
  for (const std::string& file : files) {
    const auto text = ReadFile(file);
    auto parsed = text.ok() ? ParseObjects(*text) : text.status();
    if (parsed.ok()) {
      for (Object& object : *parsed) objects.push_back(std::move(object));
    } else if (broken == BrokenFiles::kFail) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {}", file, std::string(parsed.status().message())));
    }
  }
  return objects;
}

const Object& At(const Object& object, const std::string& pointer) {
  static const Object kNothing;
  const Object::json_pointer path(pointer);
  return object.contains(path) ? object.at(path) : kNothing;
}

std::string TextAt(const Object& object, const std::string& pointer) {
  const Object& found = At(object, pointer);
  return found.is_string() ? found.get<std::string>() : "";
}

std::string KindOf(const Object& object) { return TextAt(object, "/kind"); }
std::string NameOf(const Object& object) { return TextAt(object, "/metadata/name"); }
std::string NamespaceOf(const Object& object) {
  const std::string name = TextAt(object, "/metadata/namespace");
  return name.empty() ? "default" : name;
}

std::string ToText(const Object& object) {
  return object.dump(2, ' ', false, Object::error_handler_t::replace) + "\n";
}

Object MakeList(const std::vector<Object>& items) {
  return {{"apiVersion", "v1"}, {"kind", "List"}, {"items", items}};
}

Object MakeNode(const std::string& name, const std::vector<std::string>& addresses,
                const std::vector<std::string>& pod_cidrs) {
  Object node = {{"apiVersion", "v1"},
                 {"kind", "Node"},
                 {"metadata", {{"name", name}}},
                 {"spec", {{"podCIDR", pod_cidrs.at(0)}, {"podCIDRs", pod_cidrs}}}};
  node["status"]["addresses"] = Object::array({{{"type", "Hostname"}, {"address", name}}});
  for (const std::string& address : addresses) {
    node["status"]["addresses"].push_back({{"type", "InternalIP"}, {"address", address}});
  }
  return node;
}

Object MakeNamespaceObject(const std::string& name) {
  return {{"apiVersion", "v1"},
          {"kind", "Namespace"},
          {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/metadata.name", name}}}}}};
}

Object MakePod(const std::string& name, const std::string& node, const Object& labels,
               const Object& containers) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", name}, {"namespace", "default"}, {"labels", labels}}},
          {"spec", {{"nodeName", node}, {"containers", containers}}}};
}

void SetPodStatus(Object& pod, const std::vector<std::string>& addresses, bool ready) {
  Object status = {{"phase", addresses.empty() ? "Pending" : "Running"}};
  if (!addresses.empty()) status["podIP"] = addresses.front();
  status["podIPs"] = Object::array();
  for (const std::string& address : addresses) status["podIPs"].push_back({{"ip", address}});
  status["conditions"] = Object::array({{{"type", "Ready"}, {"status", ready ? "True" : "False"}}});
  pod["status"] = status;
}

}  // namespace fairlead::lab
