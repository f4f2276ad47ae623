// SPDX-License-Identifier: Apache-2.0
//
// See lab_folder.h.
#include "lab/lab_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "lab/clock.h"
#include "lab/files.h"

namespace fairlead::lab {
namespace {

constexpr char kRoot[] = "/run/fairlead-lab";
constexpr auto kLockTimeout = std::chrono::seconds(30);

// The folder itself is what is locked: no lock file that somebody would have to
// remove while somebody else waits for it.
absl::StatusOr<UniqueFd> OpenAndLock(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, "open " + path);
  if (!WaitUntil([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0; }, kLockTimeout)) {
    return absl::UnavailableError(path + ": another fairlead-lab is at work on this lab");
  }
  // Whoever held the lock may have removed the folder meanwhile.
  struct stat locked, named;
  if (::fstat(fd.get(), &locked) != 0 || ::stat(path.c_str(), &named) != 0 ||
      locked.st_ino != named.st_ino) {
    return absl::NotFoundError(path + " is gone");
  }
  return fd;
}

}  // namespace

LabFolder::LabFolder(std::string lab)
    : lab_(std::move(lab)), path_(fmt::format("{}/{}", kRoot, lab_)) {}

absl::StatusOr<UniqueFd> LabFolder::Create() const {
  // Twice: another lab's end may remove the root between the two steps.
  for (int attempt = 0;; ++attempt) {
    FL_RETURN_IF_ERROR(MakeDirectories(kRoot));
    if (::mkdir(path_.c_str(), 0755) == 0) break;
    if (errno == EEXIST) {
      return absl::AlreadyExistsError(fmt::format(
          "lab '{0}' exists already: fairlead-lab --name {0} down, or choose another --name",
          lab_));
    }
    if (errno != ENOENT || attempt == 100) return ErrnoStatus(errno, "make folder " + path_);
  }
  return OpenAndLock(path_);
}

absl::StatusOr<UniqueFd> LabFolder::Lock() const { return OpenAndLock(path_); }

absl::Status LabFolder::RecordProcess(const std::string& member, const ProcessId& process) const {
  return WriteFile(Path(member + ".pid"), process.ToString() + "\n");
}

absl::StatusOr<ProcessId> LabFolder::RecordedProcess(const std::string& member) const {
  FL_ASSIGN_OR_RETURN(const std::string text, ReadFile(Path(member + ".pid")));
  return ProcessId::Parse(text);
}

std::vector<std::string> ExistingLabs() {
  std::vector<std::string> labs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot, error)) {
    if (entry.is_directory(error)) labs.push_back(entry.path().filename().string());
  }
  std::sort(labs.begin(), labs.end());
  return labs;
}

}  // namespace fairlead::lab
