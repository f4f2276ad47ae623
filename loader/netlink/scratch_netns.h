// SPDX-License-Identifier: Apache-2.0
//
// For tests: a network namespace of their own, so that real interfaces and
// routes can be made without anybody noticing.
#ifndef FAIRLEAD_LOADER_NETLINK_SCRATCH_NETNS_H_
#define FAIRLEAD_LOADER_NETLINK_SCRATCH_NETNS_H_

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/log.h"
#include "base/unique_fd.h"
#include "loader/netlink/netns.h"

namespace fairlead::testing {

// The value, or the end of the test program: setup failures are fatal.
template <typename T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) {
    LogError("test setup: {}", result.status().ToString());
    std::abort();
  }
  return *std::move(result);
}

inline void MustOk(const absl::Status& status) {
  if (!status.ok()) {
    LogError("test setup: {}", status.ToString());
    std::abort();
  }
}

// The calling thread, and threads and processes it starts, live in a fresh
// namespace until this is destroyed.
class ScratchNetns {
 public:
  ScratchNetns() : before_(Must(CurrentNetns())), own_(Must(MakeNetns())) { Enter(own_.get()); }
  ~ScratchNetns() { Enter(before_.get()); }
  ScratchNetns(const ScratchNetns&) = delete;
  ScratchNetns& operator=(const ScratchNetns&) = delete;

  int fd() const { return own_.get(); }

 private:
  static void Enter(int fd) {
    if (::setns(fd, CLONE_NEWNET) != 0) std::abort();
  }

  UniqueFd before_;
  UniqueFd own_;
};

// A path by which another process can open `fd` of this one.
inline std::string PathOf(const UniqueFd& fd) {
  return fmt::format("/proc/{}/fd/{}", ::getpid(), fd.get());
}

// A directory that is removed with its files at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = ::testing::TempDir() + "fairlead-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_LOADER_NETLINK_SCRATCH_NETNS_H_
