// SPDX-License-Identifier: Apache-2.0
//
// See files.h.
#include "lab/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead::lab {
namespace {

absl::Status WriteAll(int fd, const std::string& text, const std::string& name) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) return ErrnoStatus(errno, "write " + name);
    if (wrote > 0) done += static_cast<size_t>(wrote);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, "open " + path);
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof(buffer));
    if (got < 0 && errno != EINTR) return ErrnoStatus(errno, "read " + path);
    if (got == 0) return text;
    if (got > 0) text.append(buffer, static_cast<size_t>(got));
  }
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  static std::atomic<int> count = 0;
  const std::filesystem::path target(path);
  const std::string draft =
      (target.parent_path().parent_path() /
       fmt::format(".{}.{}.{}", target.filename().string(), ::getpid(), count++))
          .string();
  {
    const UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd.ok()) return ErrnoStatus(errno, "create " + draft);
    FL_RETURN_IF_ERROR(WriteAll(fd.get(), text, draft));
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return ErrnoStatus(errno, "rename to " + path);
  return absl::OkStatus();
}

absl::Status RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoStatus(errno, "remove " + path);
  return absl::OkStatus();
}

absl::Status MakeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "make folder " + path);
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> AnonymousFile(const std::string& text) {
  UniqueFd fd(::memfd_create("input", MFD_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, "make an anonymous file");
  FL_RETURN_IF_ERROR(WriteAll(fd.get(), text, "an anonymous file"));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return ErrnoStatus(errno, "rewind an anonymous file");
  return fd;
}

std::string Tail(const std::string& path, int lines) {
  const auto text = ReadFile(path);
  if (!text.ok()) return "";
  size_t start = text->size();
  for (int line = 0; line <= lines && start != std::string::npos && start > 0; ++line) {
    start = text->rfind('\n', start - 1);
  }
  return start == std::string::npos ? *text : text->substr(start == 0 ? 0 : start + 1);
}

std::string ProgramFolder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

}  // namespace fairlead::lab
