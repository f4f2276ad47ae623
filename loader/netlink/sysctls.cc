// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/sysctls.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"

namespace fairlead {
namespace {

// Of the process, as /proc/sys is.
std::string& ProcSys() {
  static std::string directory = "/proc/sys";
  return directory;
}

}  // namespace

void UseProcSys(std::string directory) { ProcSys() = std::move(directory); }

std::string DeviceSysctl(Family family, std::string_view device, std::string_view setting) {
  return fmt::format("net/{}/conf/{}/{}", family == Family::kIpv4 ? "ipv4" : "ipv6", device,
                     setting);
}

absl::StatusOr<std::string> SysctlKey(std::string_view name) {
  std::string path(name);
  const size_t first = path.find_first_of("./");
  if (first != std::string::npos && path[first] == '.') {
    for (char& c : path) {
      if (c == '.' || c == '/') c = c == '.' ? '/' : '.';
    }
  }
  bool safe = path.starts_with("net/");
  for (size_t start = 0; safe && start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = std::string_view(path).substr(start, end - start);
    safe = !part.empty() && part != "." && part != ".." && part.find('\0') == part.npos;
    start = end + 1;
  }
  if (!safe) return absl::InvalidArgumentError(fmt::format("\"{}\" is no network sysctl", name));
  return path;
}

absl::StatusOr<std::string> SysctlPath(std::string_view name) {
  FL_ASSIGN_OR_RETURN(const std::string key, SysctlKey(name));
  return fmt::format("{}/{}", ProcSys(), key);
}

absl::StatusOr<std::string> ReadSysctl(std::string_view name) {
  FL_ASSIGN_OR_RETURN(const std::string path, SysctlPath(name));
  FL_ASSIGN_OR_RETURN(std::string value, ReadWholeFile(path));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

absl::Status WriteSysctl(std::string_view name, std::string_view value) {
  FL_ASSIGN_OR_RETURN(const std::string path, SysctlPath(name));
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("open {}", path));
  // One write: the kernel takes each as a whole value.
  ssize_t written = -1;
  do {
    written = ::write(fd.get(), value.data(), value.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0) return ErrnoStatus(errno, fmt::format("write \"{}\" to {}", value, path));
  return absl::OkStatus();
}

absl::Status EnsureSysctl(std::string_view name, std::string_view value) {
  FL_ASSIGN_OR_RETURN(const std::string now, ReadSysctl(name));
  return now == value ? absl::OkStatus() : WriteSysctl(name, value);
}

}  // namespace fairlead
