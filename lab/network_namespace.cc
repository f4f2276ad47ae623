// SPDX-License-Identifier: Apache-2.0
//
// See network_namespace.h.
#include "lab/network_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <set>
#include <thread>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "lab/files.h"

namespace fairlead::lab {
namespace {

constexpr char kFolder[] = "/run/netns";

// /proc/sys/net shows the namespace of the thread that looks.
absl::Status WriteSysctl(const std::string& key, const std::string& value) {
  const std::string path = "/proc/sys/net/" + key;
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.ok() || ::write(fd.get(), value.data(), value.size()) < 0) {
    return ErrnoStatus(errno, "write " + path);
  }
  return absl::OkStatus();
}

absl::Status Furnish() {
  for (const char* key : {"ipv6/conf/all/", "ipv6/conf/default/"}) {
    FL_RETURN_IF_ERROR(WriteSysctl(std::string(key) + "disable_ipv6", "0"));
    FL_RETURN_IF_ERROR(WriteSysctl(std::string(key) + "accept_dad", "0"));
  }
  return absl::OkStatus();
}

absl::Status OnOwnThread(const std::function<absl::Status()>& body) {
  absl::Status status;
  std::thread([&] { status = body(); }).join();
  return status;
}

}  // namespace

std::string NamespacePath(const std::string& name) { return std::string(kFolder) + "/" + name; }

absl::Status CreateNamespace(const std::string& name) {
  FL_RETURN_IF_ERROR(MakeDirectories(kFolder));
  const std::string path = NamespacePath(name);
  const UniqueFd place(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!place.ok()) return ErrnoStatus(errno, "create " + path);
  const absl::Status status = OnOwnThread([&]() -> absl::Status {
    if (::unshare(CLONE_NEWNET) != 0) return ErrnoStatus(errno, "make a network namespace");
    FL_RETURN_IF_ERROR(Furnish());
    if (::mount("/proc/thread-self/ns/net", path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return ErrnoStatus(errno, "bind a network namespace to " + path);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) ::unlink(path.c_str());
  return status;
}

absl::Status DeleteNamespace(const std::string& name) {
  const std::string path = NamespacePath(name);
  // EINVAL: a name without a namespace, left by a crash between the two steps.
  if (::umount2(path.c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT) {
    return ErrnoStatus(errno, "unmount " + path);
  }
  return RemoveFile(path);
}

absl::Status SetSysctl(const std::string& name, const std::string& key, const std::string& value) {
  return InNamespace(name, [&] { return WriteSysctl(key, value); });
}

absl::StatusOr<UniqueFd> OpenNamespace(const std::string& name) {
  UniqueFd fd(::open(NamespacePath(name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, "open network namespace " + name);
  return fd;
}

std::vector<std::string> NamespacesWithPrefix(const std::string& prefix) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<pid_t> ProcessesIn(const std::vector<std::string>& names) {
  std::set<std::pair<dev_t, ino_t>> wanted;
  struct stat found;
  for (const std::string& name : names) {
    if (::stat(NamespacePath(name).c_str(), &found) == 0) {
      wanted.emplace(found.st_dev, found.st_ino);
    }
  }
  std::vector<pid_t> processes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc() || end != name.data() + name.size() || pid == ::getpid()) continue;
    if (::stat((entry.path() / "ns/net").c_str(), &found) == 0 &&
        wanted.contains({found.st_dev, found.st_ino})) {
      processes.push_back(pid);
    }
  }
  return processes;
}

absl::Status InNamespace(const std::string& name, const std::function<absl::Status()>& body) {
  FL_ASSIGN_OR_RETURN(const UniqueFd target, OpenNamespace(name));
  return OnOwnThread([&]() -> absl::Status {
    if (::setns(target.get(), CLONE_NEWNET) != 0) {
      return ErrnoStatus(errno, "enter network namespace " + name);
    }
    return body();
  });
}

}  // namespace fairlead::lab
