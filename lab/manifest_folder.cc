// SPDX-License-Identifier: Apache-2.0
//
// See manifest_folder.h.
#include "lab/manifest_folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "base/status_macros.h"
#include "lab/endpoint_slices.h"
#include "lab/files.h"

namespace fairlead::lab {
namespace {

namespace fs = std::filesystem;

std::string PodFile(const Object& pod) {
  return fmt::format("lab-pod-{}-{}.json", NamespaceOf(pod), NameOf(pod));
}

bool IsNamespaced(const Object& object) {
  const std::string kind = KindOf(object);
  return kind != "Node" && kind != "Namespace";
}

}  // namespace

absl::StatusOr<std::vector<Object>> ManifestFolder::Take(const std::string& file,
                                                         const std::set<std::string>& nodes) const {
  FL_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  const auto objects = ParseObjects(text);
  if (!objects.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", file, std::string(objects.status().message())));
  }
  std::vector<Object> pods, rest;
  for (const Object& object : *objects) {
    if (KindOf(object) == "Pod" && nodes.contains(TextAt(object, "/spec/nodeName"))) {
      pods.push_back(object);
    } else if (KindOf(object) != "Node" || !nodes.contains(NameOf(object))) {
      rest.push_back(object);
    }
  }
  const std::string name = fs::path(file).filename().string();
  if (rest.size() == objects->size()) {
    FL_RETURN_IF_ERROR(Put(name, text));
  } else if (!rest.empty()) {
    FL_RETURN_IF_ERROR(Put(fs::path(name).stem().string() + ".json", ToText(MakeList(rest))));
  }
  return pods;
}

absl::StatusOr<std::vector<Object>> ManifestFolder::TakeAll(
    const std::string& folder, const std::set<std::string>& nodes) const {
  std::error_code error;
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (IsManifestFile(entry.path().filename().string())) files.insert(entry.path().string());
  }
  if (error) return absl::NotFoundError(fmt::format("read {}: {}", folder, error.message()));
  std::vector<Object> pods;
  for (const std::string& file : files) {
    FL_ASSIGN_OR_RETURN(const std::vector<Object> found, Take(file, nodes));
    pods.insert(pods.end(), found.begin(), found.end());
  }
  return pods;
}

absl::Status ManifestFolder::PutPod(const Object& pod) const {
  return Put(PodFile(pod), ToText(pod));
}

absl::Status ManifestFolder::ErasePod(const Object& pod) const {
  return RemoveFile(path_ + "/" + PodFile(pod));
}

absl::StatusOr<std::vector<Object>> ManifestFolder::Read() const {
  return ReadObjects(path_, BrokenFiles::kLeaveOut);
}

absl::StatusOr<Object> ManifestFolder::FindPod(const std::string& name) const {
  FL_ASSIGN_OR_RETURN(const std::vector<Object> objects, Read());
  for (const Object& object : objects) {
    if (KindOf(object) == "Pod" && NameOf(object) == name) return object;
  }
  return absl::NotFoundError(fmt::format("no pod '{}' in this lab", name));
}

absl::Status ManifestFolder::Complete() const {
  FL_ASSIGN_OR_RETURN(const std::vector<Object> objects, Read());
  std::set<std::string> used = {"default"}, defined;
  for (const Object& object : objects) {
    if (KindOf(object) == "Namespace") defined.insert(NameOf(object));
    if (IsNamespaced(object)) used.insert(NamespaceOf(object));
  }
  std::map<std::string, std::vector<Object>> wanted;  // file → objects
  for (const std::string& name : used) {
    if (!defined.contains(name)) {
      wanted["lab-namespace-" + name + ".json"] = {MakeNamespaceObject(name)};
    }
  }
  constexpr char kSlices[] = "lab-endpoints-";
  for (const Object& slice : MakeEndpointSlices(objects)) {
    const std::string service = slice["metadata"]["labels"]["kubernetes.io/service-name"];
    wanted[fmt::format("{}{}-{}.json", kSlices, NamespaceOf(slice), service)].push_back(slice);
  }
  for (const auto& [file, items] : wanted) FL_RETURN_IF_ERROR(Put(file, ToText(MakeList(items))));

  // A Service in a file that is broken just now is not a removed Service.
  if (!ReadObjects(path_, BrokenFiles::kFail).ok()) return absl::OkStatus();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    const std::string file = entry.path().filename().string();
    if (file.starts_with(kSlices) && !wanted.contains(file)) {
      FL_RETURN_IF_ERROR(RemoveFile(entry.path().string()));
    }
  }
  return absl::OkStatus();
}

absl::Status ManifestFolder::Put(const std::string& file, const std::string& text) const {
  const std::string path = path_ + "/" + file;
  const auto present = ReadFile(path);
  if (present.ok() && *present == text) return absl::OkStatus();
  return WriteFile(path, text);
}

}  // namespace fairlead::lab
