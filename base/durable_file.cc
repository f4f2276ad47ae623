// SPDX-License-Identifier: Apache-2.0
#include "base/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"

namespace fairlead {
namespace {

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, fmt::format("write {}", path));
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status Sync(int fd, const std::string& path) {
  if (::fsync(fd) < 0) return ErrnoStatus(errno, fmt::format("fsync {}", path));
  return absl::OkStatus();
}

// A temporary file beside `path`, renamed to it.
absl::Status WriteAside(const std::string& path, std::string_view text, mode_t mode, bool sync) {
  const std::string temporary = path + ".new";
  {
    UniqueFd fd(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd.ok()) return ErrnoStatus(errno, fmt::format("create {}", temporary));
    // Not as the umask, or a killed writer's leftover, would have it.
    if (::fchmod(fd.get(), mode) < 0) return ErrnoStatus(errno, fmt::format("chmod {}", temporary));
    FL_RETURN_IF_ERROR(WriteAll(fd.get(), text, temporary));
    if (sync) FL_RETURN_IF_ERROR(Sync(fd.get(), temporary));
  }
  if (::rename(temporary.c_str(), path.c_str()) < 0) {
    return ErrnoStatus(errno, fmt::format("rename {} to {}", temporary, path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakePrivateDirectory(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    const bool last = end == std::string::npos;
    if (::mkdir(part.c_str(), last ? 0700 : 0755) < 0 && errno != EEXIST) {
      return ErrnoStatus(errno, fmt::format("create directory {}", part));
    }
    if (last) break;
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) < 0) return ErrnoStatus(errno, fmt::format("stat {}", path));
  if ((status.st_mode & 0077) == 0) return absl::OkStatus();
  // Somebody else's directory must not be closed to its users.
  std::error_code error;
  if (!std::filesystem::is_empty(path, error)) {
    return absl::FailedPreconditionError(fmt::format(
        "directory {} is open to others and not empty: give fairlead one of its own", path));
  }
  if (::chmod(path.c_str(), 0700) < 0) {
    return ErrnoStatus(errno, fmt::format("chmod 0700 {}", path));
  }
  return absl::OkStatus();
}

absl::Status WriteFileDurably(const std::string& path, std::string_view text, mode_t mode) {
  FL_RETURN_IF_ERROR(WriteAside(path, text, mode, /*sync=*/true));
  const std::string directory = DirectoryOf(path);
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("open {}", directory));
  return Sync(fd.get(), directory);
}

absl::Status ReplaceFile(const std::string& path, std::string_view text) {
  return WriteAside(path, text, 0600, /*sync=*/false);
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("open {}", path));
  std::string text;
  char chunk[16384];
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk, sizeof(chunk));
    if (got < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, fmt::format("read {}", path));
    }
    if (got == 0) return text;
    text.append(chunk, static_cast<size_t>(got));
  }
}

}  // namespace fairlead
