// SPDX-License-Identifier: Apache-2.0
//
// See teardown.h.
#include "lab/teardown.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <sstream>
#include <thread>
#include <vector>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "lab/files.h"
#include "lab/network_namespace.h"
#include "lab/pidfd.h"
#include "lab/topology.h"

namespace fairlead::lab {
namespace {

namespace fs = std::filesystem;
constexpr auto kPatience = std::chrono::seconds(10);

// Being in one of the lab's namespaces is what makes a process the lab's: also
// a grandchild nobody wrote down, and never a stranger that got a recorded pid.
// The pidfd is taken before the check, so the pid cannot change hands between.
void KillIfStillThere(pid_t pid, const std::vector<std::string>& namespaces) {
  const UniqueFd held(::pidfd_open(pid, 0));
  if (!held.ok()) return;
  const std::vector<pid_t> now = ProcessesIn(namespaces);
  if (std::find(now.begin(), now.end(), pid) == now.end()) return;
  ::pidfd_send_signal(held.get(), SIGKILL, nullptr, 0);
}

absl::Status UnmountBelow(const std::string& folder) {
  FL_ASSIGN_OR_RETURN(const std::string mounts, ReadFile("/proc/self/mountinfo"));
  std::istringstream lines(mounts);
  std::vector<std::string> points;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string point;
    for (int field = 0; field < 5; ++field) fields >> point;
    if (point.starts_with(folder + "/")) points.push_back(point);
  }
  // Later mounts lie on top of earlier ones.
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (::umount2(point->c_str(), MNT_DETACH) != 0) return ErrnoStatus(errno, "unmount " + *point);
  }
  return absl::OkStatus();
}

// Removal never crosses into a file system that is still mounted below.
absl::Status RemoveFolder(const std::string& folder) {
  struct stat top;
  if (::stat(folder.c_str(), &top) != 0) return absl::OkStatus();
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    struct stat found;
    if (::lstat(entry.path().c_str(), &found) == 0 && found.st_dev != top.st_dev) {
      return absl::FailedPreconditionError(entry.path().string() + " is still mounted");
    }
  }
  fs::remove_all(folder, error);
  if (error) return ErrnoStatus(error.value(), "remove " + folder);
  return absl::OkStatus();
}

}  // namespace

absl::Status RemoveTree(const std::string& folder) {
  FL_RETURN_IF_ERROR(UnmountBelow(folder));
  return RemoveFolder(folder);
}

absl::Status KillProcesses(const std::vector<std::string>& namespaces) {
  // Not WaitUntil: an interrupt must not stop the cleaning up it asked for.
  const Clock::time_point deadline = Clock::now() + kPatience;
  for (;;) {
    const std::vector<pid_t> processes = ProcessesIn(namespaces);
    if (processes.empty()) return absl::OkStatus();
    for (const pid_t pid : processes) KillIfStillThere(pid, namespaces);
    for (const pid_t pid : processes) ::waitpid(pid, nullptr, WNOHANG);  // our own children
    if (Clock::now() > deadline) {
      return absl::DeadlineExceededError(
          fmt::format("{} processes of the lab do not end", processes.size()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

absl::Status RemoveLab(const LabFolder& folder) {
  const std::vector<std::string> namespaces = NamespacesWithPrefix(NamespacePrefix(folder.lab()));
  absl::Status status = KillProcesses(namespaces);
  status.Update(UnmountBelow(folder.path()));
  for (const std::string& name : namespaces) status.Update(DeleteNamespace(name));
  // The folder goes last: as long as it is there, `down` can be tried again.
  if (status.ok()) status.Update(RemoveFolder(folder.path()));
  if (status.ok()) ::rmdir(fs::path(folder.path()).parent_path().c_str());  // if it was the last
  return status;
}

absl::Status RemoveAbandonedLabs() {
  absl::Status status;
  for (const std::string& lab : ExistingLabs()) {
    const LabFolder folder(lab);
    const auto owner = folder.RecordedProcess("owner");
    if (!owner.ok() || IsRunning(*owner)) continue;
    const auto lock = folder.Lock();
    if (lock.ok()) status.Update(RemoveLab(folder));
  }
  return status;
}

}  // namespace fairlead::lab
