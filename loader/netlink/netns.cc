// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/netns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <thread>

#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

// C++ promises an exception when there is no thread to be had; it ends here.
absl::Status RunOnThread(const std::function<absl::Status()>& work) {
  absl::Status status;
  try {
    std::thread([&status, &work] { status = work(); }).join();
  } catch (const std::system_error& error) {
    return ErrnoStatus(error.code().value(), "start a thread for another network namespace");
  }
  return status;
}

}  // namespace

absl::Status RunInNetns(int netns_fd, const std::function<absl::Status()>& work) {
  return RunOnThread([netns_fd, &work]() -> absl::Status {
    if (::setns(netns_fd, CLONE_NEWNET) < 0) return ErrnoStatus(errno, "enter network namespace");
    return work();
  });
}

absl::StatusOr<UniqueFd> MakeNetns() {
  UniqueFd netns;
  FL_RETURN_IF_ERROR(RunOnThread([&netns]() -> absl::Status {
    if (::unshare(CLONE_NEWNET) < 0) return ErrnoStatus(errno, "make a network namespace");
    FL_ASSIGN_OR_RETURN(netns, CurrentNetns());
    return absl::OkStatus();
  }));
  return netns;
}

absl::StatusOr<UniqueFd> CurrentNetns() {
  UniqueFd fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, "open /proc/thread-self/ns/net");
  return fd;
}

absl::Status CheckForeignNetns(int fd) {
  if (::ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
    return absl::InvalidArgumentError("the file is not a network namespace");
  }
  FL_ASSIGN_OR_RETURN(const UniqueFd own, CurrentNetns());
  struct stat theirs{};
  struct stat ours{};
  if (::fstat(fd, &theirs) < 0 || ::fstat(own.get(), &ours) < 0) {
    return ErrnoStatus(errno, "stat network namespace");
  }
  if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino) {
    return absl::InvalidArgumentError("the network namespace is the node's own");
  }
  return absl::OkStatus();
}

}  // namespace fairlead
