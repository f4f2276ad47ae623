// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/manifest_source.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"

namespace fairlead::kube {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

int64_t Nanos(const timespec& time) { return time.tv_sec * kNanosPerSecond + time.tv_nsec; }

absl::StatusOr<std::set<std::string>> ListManifests(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(opendir(directory.c_str()), closedir);
  if (handle == nullptr) {
    return ErrnoStatus(errno, fmt::format("read the manifest directory {}", directory));
  }
  std::set<std::string> names;
  while (const dirent* entry = readdir(handle.get())) {
    if (IsManifestName(entry->d_name)) names.insert(entry->d_name);
  }
  return names;
}

// At most one byte more than allowed, so that the caller can tell.
absl::StatusOr<std::string> ReadWhole(int fd) {
  std::string text;
  char buffer[64 * 1024];
  while (text.size() <= kMaxManifestBytes) {
    const ssize_t bytes = read(fd, buffer, sizeof(buffer));
    if (bytes == 0) break;
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return ErrnoStatus(errno, "read");
    text.append(buffer, static_cast<size_t>(bytes));
  }
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ManifestSource>> ManifestSource::Open(const std::string& directory) {
  FL_ASSIGN_OR_RETURN(DirectoryWatch watch, DirectoryWatch::Open(directory));
  return std::unique_ptr<ManifestSource>(new ManifestSource(directory, std::move(watch)));
}

absl::Status ManifestSource::LoadAll(ObjectStore& store) {
  FL_RETURN_IF_ERROR(LookAtAll(/*read_all=*/true, Missing::kRemove, store));
  CollectErrors();
  return absl::OkStatus();
}

ManifestSource::Changes ManifestSource::ReadChanges(ObjectStore& store) {
  const uint64_t before = store.revision();
  const DirectoryWatch::Due due = watch_.Take();
  gone_ = due.gone;
  if (!gone_) {
    const Missing missing = due.keep_missing ? Missing::kKeep : Missing::kRemove;
    for (const std::string& name : due.names) LookAtFile(name, /*read=*/true, missing, store);
    if (due.look_at_all || due.read_all) {
      // It was there a moment ago; if it is not now, its own event says so.
      if (!LookAtAll(due.read_all, missing, store).ok()) watch_.LookAgain();
    }
  }
  Changes changes;
  changes.errors = CollectErrors();
  changes.objects = store.revision() != before;
  return changes;
}

int ManifestSource::ignored_objects() const {
  int ignored = 0;
  for (const auto& [name, file] : files_) ignored += file.ignored;
  return ignored;
}

ManifestSource::Signature ManifestSource::SignatureOf(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, Nanos(status.st_mtim),
          Nanos(status.st_ctim)};
}

absl::Status ManifestSource::LookAtAll(bool read_all, Missing missing, ObjectStore& store) {
  FL_ASSIGN_OR_RETURN(std::set<std::string> names, ListManifests(directory_));
  for (const auto& [name, file] : files_) names.insert(name);
  for (const std::string& name : names) {
    if (!watch_.BeingWritten(name)) LookAtFile(name, read_all, missing, store);
  }
  return absl::OkStatus();
}

// Finds out what the name means now; reads the file if it must (`read`) or seems to have changed.
void ManifestSource::LookAtFile(const std::string& name, bool read, Missing missing,
                                ObjectStore& store) {
  const std::string path = fmt::format("{}/{}", directory_, name);
  struct stat entry = {};
  if (lstat(path.c_str(), &entry) != 0) {
    if (missing == Missing::kRemove) RemoveFile(name, store);
    return;
  }
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    watch_.LookAgain();
    return RefuseFile(name, fmt::format("follow the symbolic link: {}", std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) return RefuseFile(name, "is not a regular file");
  const auto known = files_.find(name);
  if (!read && known != files_.end() && known->second.signature == SignatureOf(status)) return;
  if (S_ISLNK(entry.st_mode)) watch_.WatchLinkTarget(name);
  ReadFile(name, store);
}

void ManifestSource::ReadFile(const std::string& name, ObjectStore& store) {
  const std::string path = fmt::format("{}/{}", directory_, name);
  struct stat before = {};
  struct stat after = {};
  // O_NONBLOCK: should it have become a FIFO since.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd.ok() || fstat(fd.get(), &before) != 0) {
    return RefuseFile(name, fmt::format("open: {}", std::strerror(errno)));
  }
  const std::string too_large = fmt::format("is larger than {} MiB", kMaxManifestBytes >> 20);
  if (before.st_size > static_cast<off_t>(kMaxManifestBytes)) return RefuseFile(name, too_large);
  const auto text = ReadWhole(fd.get());
  if (!text.ok()) return RefuseFile(name, std::string(text.status().message()));
  if (text->size() > kMaxManifestBytes) return RefuseFile(name, too_large);
  if (fstat(fd.get(), &after) != 0 || SignatureOf(before) != SignatureOf(after)) {
    return watch_.MarkBeingWritten(name);
  }
  files_[name].signature = SignatureOf(after);
  Take(name, ReadManifest(name, *text), store);
}

// The file's objects stay; it is read again whenever somebody looks.
void ManifestSource::RefuseFile(const std::string& name, const std::string& reason) {
  File& file = files_[name];
  file.signature = {};
  ManifestError error;
  error.file = name;
  error.reason = reason;
  file.errors = {std::move(error)};
}

void ManifestSource::Take(const std::string& name, ManifestContents contents, ObjectStore& store) {
  File& file = files_[name];
  file.errors = std::move(contents.errors);
  if (contents.unreadable) return;
  file.ignored = contents.ignored;
  std::map<ObjectRef, ManifestObject> old = std::exchange(file.objects, {});
  file.objects = std::move(contents.objects);
  for (auto& [ref, object] : old) {
    const auto now = file.objects.find(ref);
    if (now == file.objects.end()) {
      if (contents.anonymous || contents.broken.count(ref) != 0) file.objects.emplace(ref, object);
    } else if (SameObject(now->second.object, object.object)) {
      now->second.object = object.object;  // one copy in memory, the store's
    }
  }
  for (const auto& [ref, object] : old) {
    if (file.objects.count(ref) != 0) continue;
    owners_[ref].erase(name);
    UpdateStore(ref, store);
  }
  for (const auto& [ref, object] : file.objects) {
    owners_[ref].insert(name);
    UpdateStore(ref, store);
  }
}

void ManifestSource::RemoveFile(const std::string& name, ObjectStore& store) {
  const auto file = files_.find(name);
  if (file == files_.end()) return;
  for (const auto& [ref, object] : file->second.objects) {
    owners_[ref].erase(name);
    UpdateStore(ref, store);
  }
  files_.erase(file);
}

// The first of an object's files decides what the store holds.
void ManifestSource::UpdateStore(const ObjectRef& ref, ObjectStore& store) {
  const auto owners = owners_.find(ref);
  if (owners->second.size() > 1) {
    contested_.insert(ref);
  } else {
    contested_.erase(ref);
  }
  if (owners->second.empty()) {
    owners_.erase(owners);
    store.Erase(ref);
    return;
  }
  const std::string& file = *owners->second.begin();
  const ManifestObject& object = files_.at(file).objects.at(ref);
  store.Put(object.object, fmt::format("{}: document {}", file, object.document));
}

// True if they differ from the last time.
bool ManifestSource::CollectErrors() {
  std::vector<ManifestError> errors;
  if (gone_) {
    ManifestError error;
    error.reason = fmt::format("the directory {} is gone; its objects stay", directory_);
    errors.push_back(std::move(error));
  }
  for (const auto& [name, file] : files_) {
    errors.insert(errors.end(), file.errors.begin(), file.errors.end());
  }
  for (const ObjectRef& ref : contested_) {
    const std::set<std::string>& owners = owners_.at(ref);
    for (auto loser = std::next(owners.begin()); loser != owners.end(); ++loser) {
      const ManifestObject& object = files_.at(*loser).objects.at(ref);
      errors.push_back({*loser, object.document, object.line, KindName(ref.kind),
                        ref.name.name_space, ref.name.name,
                        fmt::format("is also in {}, which is used", *owners.begin())});
    }
  }
  if (errors == errors_) return false;
  for (const ManifestError& error : errors) {
    if (std::find(errors_.begin(), errors_.end(), error) == errors_.end()) {
      LogWarn("manifest {}", error.ToString());
    }
  }
  errors_ = std::move(errors);
  return true;
}

}  // namespace fairlead::kube
