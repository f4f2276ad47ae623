// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/bpf_filesystem.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

constexpr std::string_view kSystemBpffs = "/sys/fs/bpf";

bool IsBpffs(const std::string& path) {
  struct statfs filesystem{};
  return statfs(path.c_str(), &filesystem) == 0 && filesystem.f_type == BPF_FS_MAGIC;
}

// A directory on another device than its parent is the root of a mount.
bool IsMountPoint(const std::filesystem::path& path) {
  struct stat own{};
  struct stat parent{};
  return stat(path.c_str(), &own) == 0 && stat(path.parent_path().c_str(), &parent) == 0 &&
         own.st_dev != parent.st_dev;
}

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "make directory " + path);
  chmod(path.c_str(), 0700);
  return absl::OkStatus();
}

absl::Status MountBpffs(const std::string& path) {
  if (mount("bpf", path.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, "mount a bpffs on " + path);
}

}  // namespace

absl::Status EnsureBpfDirectory(const std::string& directory) {
  if (std::string_view(directory).starts_with(kSystemBpffs)) {
    const std::string root(kSystemBpffs);
    if (!IsBpffs(root)) FL_RETURN_IF_ERROR(MountBpffs(root));
    return MakeDirectory(directory);
  }
  FL_RETURN_IF_ERROR(MakeDirectory(directory));
  return IsBpffs(directory) ? absl::OkStatus() : MountBpffs(directory);
}

absl::Status RemoveBpfDirectory(const std::string& directory) {
  if (!IsBpffs(directory)) return absl::OkStatus();
  std::error_code error;
  std::filesystem::remove_all(directory + "/" FL_LAYOUT_VERSION, error);
  if (error) return ErrnoStatus(error.value(), "remove the pins below " + directory);
  if (!IsMountPoint(directory)) {
    std::filesystem::remove(directory, error);  // only if it is empty
    return absl::OkStatus();
  }
  // A mount of its own goes as a whole; /sys/fs/bpf is everybody's.
  if (directory != kSystemBpffs && umount2(directory.c_str(), MNT_DETACH) != 0) {
    return ErrnoStatus(errno, "unmount " + directory);
  }
  return absl::OkStatus();
}

}  // namespace fairlead
