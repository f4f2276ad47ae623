// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/deferred_deletes.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

using nlohmann::json;

constexpr char kSuffix[] = ".json";
constexpr uintmax_t kLongestFile = 4096;

// FNV-1a. Two attachments of one hash would share a file, and one DEL be lost:
// its pod's interface goes with its namespace, and its address soon after.
uint64_t HashOf(const AttachmentId& id) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : id.first + '\0' + id.second) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  return hash;
}

std::string PathOf(const std::string& directory, const AttachmentId& id) {
  return fmt::format("{}/{:016x}{}", directory, HashOf(id), kSuffix);
}

std::vector<std::string> FilesIn(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == kSuffix) files.push_back(entry.path().string());
  }
  return files;
}

absl::StatusOr<AttachmentId> ReadDelete(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) < 0 || !S_ISREG(status.st_mode) ||
      static_cast<uintmax_t>(status.st_size) > kLongestFile) {
    return absl::InvalidArgumentError("it is no small file");
  }
  FL_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path));
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_array() || object.size() != 2 || !object[0].is_string() ||
      !object[1].is_string()) {
    return absl::InvalidArgumentError("it names no attachment");
  }
  return AttachmentId(object[0].get<std::string>(), object[1].get<std::string>());
}

}  // namespace

std::string DeferredDeletesDirectory(const std::string& socket_path) {
  return socket_path.substr(0, socket_path.rfind('/')) + "/deferred-deletes";
}

absl::Status DeferDelete(const std::string& socket_path, const AttachmentId& id) {
  const std::string run_dir = socket_path.substr(0, socket_path.rfind('/'));
  if (::access(run_dir.c_str(), F_OK) != 0 && errno == ENOENT) return absl::OkStatus();
  const std::string directory = DeferredDeletesDirectory(socket_path);
  FL_RETURN_IF_ERROR(MakePrivateDirectory(directory));
  if (FilesIn(directory).size() >= kMostDeferredDeletes) {
    return absl::ResourceExhaustedError(
        fmt::format("{} DELs wait in {} for a daemon", kMostDeferredDeletes, directory));
  }
  return WriteFileDurably(PathOf(directory, id), json{id.first, id.second}.dump() + "\n");
}

absl::StatusOr<DeferredDeletes> DeferredDeletes::Open(const std::string& socket_path) {
  std::string directory = DeferredDeletesDirectory(socket_path);
  FL_RETURN_IF_ERROR(MakePrivateDirectory(directory));
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.ok()) return ErrnoStatus(errno, "open inotify");
  // Before the first look, so that nothing falls between the two.
  if (::inotify_add_watch(inotify.get(), directory.c_str(), IN_MOVED_TO | IN_ONLYDIR) < 0) {
    return ErrnoStatus(errno, "watch " + directory);
  }
  return DeferredDeletes(std::move(directory), std::move(inotify));
}

std::vector<AttachmentId> DeferredDeletes::All() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (::read(inotify_.get(), events.data(), events.size()) > 0) {
  }
  std::vector<AttachmentId> ids;
  for (const std::string& path : FilesIn(directory_)) {
    absl::StatusOr<AttachmentId> id = ReadDelete(path);
    if (id.ok()) {
      ids.push_back(*std::move(id));
    } else if (!absl::IsNotFound(id.status())) {
      ::unlink(path.c_str());
    }
  }
  return ids;
}

bool DeferredDeletes::Contains(const AttachmentId& id) const {
  const absl::StatusOr<AttachmentId> found = ReadDelete(PathOf(directory_, id));
  return found.ok() && *found == id;
}

void DeferredDeletes::Remove(const AttachmentId& id) { ::unlink(PathOf(directory_, id).c_str()); }

}  // namespace fairlead
