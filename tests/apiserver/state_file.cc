// SPDX-License-Identifier: Apache-2.0
//
// See state_file.h. Lines: {"version":N} or {"resource":…,"version":N,"object":…} or
// {"resource":…,"version":N,"gone":KEY}.
#include "tests/apiserver/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"

namespace fairlead::apiserver {
namespace {

std::string LineOf(const Resource& resource, const Event& event) {
  Json line = {{"resource", resource.plural}, {"version", event.version}};
  if (event.after) {
    line["object"] = Json::parse(event.after->text);
  } else {
    line["gone"] = event.before->key;
  }
  return CompactText(line) + "\n";
}

bool IsKept(const Resource& resource) { return resource.plural != "events"; }

// A last line that a killed server has not finished is as if it had not been.
void Load(const std::string& path, Store& store) {
  std::ifstream file(path);
  Version version = store.version();
  for (std::string text; std::getline(file, text);) {
    const auto line = ParseJson(text);
    if (!line.ok()) break;
    version = line->value("version", version);
    if (!line->contains("resource")) continue;
    const Resource& resource = ResourceOf(line->at("resource").get<std::string>());
    if (line->contains("object")) {
      store.Put(resource, line->at("object"), version);
    } else {
      store.Erase(resource, line->value("gone", ""), version);
    }
  }
  store.SetVersion(version);
}

std::string TextOf(const Store& store) {
  std::string text = CompactText({{"version", store.version()}}) + "\n";
  for (const Resource& resource : Resources()) {
    if (!IsKept(resource)) continue;
    for (const auto& [key, object] : store.All(resource)) {
      text += LineOf(resource, {object->version, nullptr, object});
    }
  }
  // Objects are older than the store.
  return text + CompactText({{"version", store.version()}}) + "\n";
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateFile>> StateFile::Open(const std::string& path, Store& store) {
  Load(path, store);
  FL_RETURN_IF_ERROR(WriteFileDurably(path, TextOf(store)));
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, "open " + path);
  std::unique_ptr<StateFile> file(new StateFile(std::move(fd)));
  store.Observe([file = file.get()](const Resource& resource, const Event& event) {
    file->Append(resource, event);
  });
  return file;
}

void StateFile::Append(const Resource& resource, const Event& event) const {
  if (!IsKept(resource)) return;
  const std::string line = LineOf(resource, event);
  if (::write(fd_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    LogError("state file: {}", ErrnoStatus(errno, "write").ToString());
  }
}

}  // namespace fairlead::apiserver
