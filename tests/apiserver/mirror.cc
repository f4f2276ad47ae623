// SPDX-License-Identifier: Apache-2.0
//
// See mirror.h.
#include "tests/apiserver/mirror.h"

#include <set>

#include "base/log.h"
#include "lab/objects.h"
#include "tests/apiserver/write.h"

namespace fairlead::apiserver {
namespace {

// By this name in managedFields a later mirror knows what an earlier one has made.
constexpr char kManager[] = "manifest-mirror";

bool IsMirrored(const Json& stored) {
  const auto at = Json::json_pointer("/metadata/managedFields/0/manager");
  return stored.contains(at) && stored.at(at) == kManager;
}

// As it is stored, but for what the server adds.
Json Wanted(const Resource& resource, const lab::Object& object) {
  Json wanted = Json::parse(object.dump());
  wanted.erase("kind");
  wanted.erase("apiVersion");
  Json& metadata = wanted["metadata"];
  if (resource.namespaced && !metadata.contains("namespace")) metadata["namespace"] = "default";
  metadata["managedFields"] = Json::array({{{"manager", kManager},
                                            {"operation", "Update"},
                                            {"apiVersion", resource.GroupVersion()},
                                            {"fieldsType", "FieldsV1"},
                                            {"fieldsV1", Json::object()}}});
  return wanted;
}

bool IsSame(Json stored, const Json& wanted) {
  for (const char* added : {"uid", "resourceVersion", "creationTimestamp"}) {
    if (!wanted["metadata"].contains(added)) stored["metadata"].erase(added);
  }
  // Without regard to the order of members.
  return nlohmann::json::parse(stored.dump()) == nlohmann::json::parse(wanted.dump());
}

}  // namespace

Mirror::Stamps Mirror::ReadStamps() const {
  Stamps stamps;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    std::error_code gone;
    if (lab::IsManifestFile(name)) stamps[name] = entry.last_write_time(gone);
  }
  return stamps;
}

void Mirror::Look() {
  Stamps stamps = ReadStamps();
  if (stamps == seen_) return;
  seen_ = std::move(stamps);
  TakeOver();
}

void Mirror::TakeOver() {
  // A file that does not parse leaves everything as it is: its objects are not gone.
  const auto objects = lab::ReadObjects(folder_, lab::BrokenFiles::kFail);
  if (!objects.ok()) {
    LogWarn("mirror: {}", objects.status().ToString());
    return;
  }
  std::map<const Resource*, std::set<std::string>> present;
  for (const lab::Object& object : *objects) {
    const Resource* resource = FindKind(object.value("apiVersion", ""), lab::KindOf(object));
    if (resource == nullptr) continue;
    Json wanted = Wanted(*resource, object);
    const std::string key = KeyOf(*resource, wanted);
    present[resource].insert(key);
    const ObjectPtr stored = store_.Find(*resource, key);
    if (stored && IsSame(Json::parse(stored->text), wanted)) continue;
    Json& metadata = wanted["metadata"];
    const Json before = stored ? Json::parse(stored->text)["metadata"] : Json::object();
    metadata["uid"] = before.value("uid", MakeUid());
    metadata["creationTimestamp"] = before.value("creationTimestamp", TimestampNow());
    store_.Put(*resource, std::move(wanted));
  }
  for (const Resource& resource : Resources()) {
    std::vector<std::string> gone;
    for (const auto& [key, object] : store_.All(resource)) {
      if (!present[&resource].contains(key) && IsMirrored(Json::parse(object->text))) {
        gone.push_back(key);
      }
    }
    for (const std::string& key : gone) store_.Erase(resource, key);
  }
}

}  // namespace fairlead::apiserver
