// SPDX-License-Identifier: Apache-2.0
#include "loader/api/rotating_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/unique_fd.h"
#include "loader/api/ascii_text.h"

namespace fairlead::api {
namespace {

constexpr std::chrono::minutes kReadAgainAfter{1};

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  // A FIFO or a device must not block the loop.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.ok()) return ErrnoStatus(errno, "read " + path);
  struct stat about{};
  if (fstat(fd.get(), &about) != 0) return ErrnoStatus(errno, "read " + path);
  if (!S_ISREG(about.st_mode)) {
    return absl::InvalidArgumentError(fmt::format("read {}: is no regular file", path));
  }
  std::string text;
  char bytes[16384];
  ssize_t got = 0;
  while ((got = read(fd.get(), bytes, sizeof(bytes))) > 0) {
    text.append(bytes, static_cast<size_t>(got));
    if (text.size() > kMostFileBytes) {
      return absl::InvalidArgumentError(fmt::format("read {}: is larger than 1 MiB", path));
    }
  }
  if (got < 0) return ErrnoStatus(errno, "read " + path);
  return text;
}

absl::StatusOr<std::string> RotatingFile::Text() {
  if (!source_.text.empty() || source_.file.empty()) return source_.text;
  if (read_at_ && clock_.Now() - *read_at_ < kReadAgainAfter) return *last_;
  absl::StatusOr<std::string> text = ReadSmallFile(source_.file);
  // Somebody is just writing it.
  if (text.ok() && Trim(*text).empty()) {
    text = absl::FailedPreconditionError(fmt::format("read {}: is empty", source_.file));
  }
  if (!text.ok() && !last_) return text.status();
  if (text.ok()) last_ = *std::move(text);
  read_at_ = clock_.Now();
  return *last_;
}

}  // namespace fairlead::api
