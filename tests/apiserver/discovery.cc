// SPDX-License-Identifier: Apache-2.0
//
// See discovery.h.
#include "tests/apiserver/discovery.h"

#include <set>

#include "tests/apiserver/resource.h"

namespace fairlead::apiserver {
namespace {

Json VersionOf() {
  return {{"major", "1"},    {"minor", "36"},           {"gitVersion", "v1.36.0-fairlead-test"},
          {"gitCommit", ""}, {"gitTreeState", "clean"}, {"buildDate", "2026-01-01T00:00:00Z"},
          {"goVersion", ""}, {"compiler", "g++"},       {"platform", "linux/amd64"}};
}

Json Group(std::string_view name) {
  const Json version = {{"groupVersion", std::string(name) + "/v1"}, {"version", "v1"}};
  return {{"name", name}, {"versions", Json::array({version})}, {"preferredVersion", version}};
}

std::set<std::string_view> GroupNames() {
  std::set<std::string_view> names;
  for (const Resource& resource : Resources()) {
    if (!resource.group.empty()) names.insert(resource.group);
  }
  return names;
}

Json Groups() {
  Json groups = Json::array();
  for (const std::string_view name : GroupNames()) groups.push_back(Group(name));
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", groups}};
}

Json ResourcesOf(const std::string& group_version) {
  Json resources = Json::array();
  for (const Resource& resource : Resources()) {
    if (resource.GroupVersion() != group_version) continue;
    Json entry = {{"name", resource.plural},
                  {"singularName", resource.singular},
                  {"namespaced", resource.namespaced},
                  {"kind", resource.kind},
                  {"verbs", {"create", "delete", "get", "list", "patch", "update", "watch"}}};
    if (!resource.short_name.empty()) entry["shortNames"] = Json::array({resource.short_name});
    resources.push_back(entry);
    if (!resource.has_status) continue;
    resources.push_back({{"name", std::string(resource.plural) + "/status"},
                         {"singularName", ""},
                         {"namespaced", resource.namespaced},
                         {"kind", resource.kind},
                         {"verbs", {"get", "patch", "update"}}});
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", group_version},
          {"resources", resources}};
}

}  // namespace

std::optional<Json> Discover(const std::string& path) {
  if (path == "/version") return VersionOf();
  if (path == "/api") {
    return Json{{"kind", "APIVersions"},
                {"versions", {"v1"}},
                {"serverAddressByClientCIDRs", Json::array()}};
  }
  if (path == "/apis") return Groups();
  if (path == "/api/v1") return ResourcesOf("v1");
  for (const std::string_view name : GroupNames()) {
    const std::string root = "/apis/" + std::string(name);
    if (path == root) {
      Json group = {{"kind", "APIGroup"}, {"apiVersion", "v1"}};
      group.update(Group(name));
      return group;
    }
    if (path == root + "/v1") return ResourcesOf(std::string(name) + "/v1");
  }
  return std::nullopt;
}

}  // namespace fairlead::apiserver
