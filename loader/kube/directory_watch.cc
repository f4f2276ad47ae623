// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/directory_watch.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "loader/kube/manifest_file.h"

namespace fairlead::kube {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kQuiet(1);              // a batch is over
constexpr milliseconds kLongestBatch(40);      // or at least this much of it is taken
constexpr milliseconds kWriterPatience(1000);  // an open file is taken as it is
constexpr milliseconds kLookAgain(50);         // for what sends no events
constexpr milliseconds kRefill(1000);          // a directory that came back is complete

constexpr uint32_t kFileEvents = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
constexpr uint32_t kDirectoryEvents = kFileEvents | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                      IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr uint32_t kTargetEvents = kFileEvents | IN_DELETE_SELF | IN_MOVE_SELF | IN_MASK_ADD;

}  // namespace

absl::StatusOr<DirectoryWatch> DirectoryWatch::Open(const std::string& path) {
  DirectoryWatch watch(path);
  watch.inotify_ = UniqueFd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!watch.inotify_.ok()) return ErrnoStatus(errno, "create an inotify instance");
  watch.timer_ = UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!watch.timer_.ok()) return ErrnoStatus(errno, "create a timer");
  watch.poll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!watch.poll_.ok()) return ErrnoStatus(errno, "create an epoll instance");
  for (const int fd : {watch.inotify_.get(), watch.timer_.get()}) {
    epoll_event event = {};
    event.events = EPOLLIN;
    if (epoll_ctl(watch.poll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return ErrnoStatus(errno, "add to the epoll instance");
    }
  }
  FL_RETURN_IF_ERROR(watch.WatchDirectory());
  return watch;
}

absl::Status DirectoryWatch::WatchDirectory() {
  struct stat status = {};
  const int descriptor = inotify_add_watch(inotify_.get(), path_.c_str(), kDirectoryEvents);
  if (descriptor < 0 || stat(path_.c_str(), &status) != 0) {
    return ErrnoStatus(errno, fmt::format("watch the manifest directory {}", path_));
  }
  directory_ = descriptor;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return absl::OkStatus();
}

// By path, not by event: a deleted directory sends no event while somebody stands in it, and a
// link that now leads elsewhere sends none at all.
bool DirectoryWatch::DirectoryIsInPlace() const {
  struct stat status = {};
  return directory_ >= 0 && stat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
         status.st_ino == inode_;
}

DirectoryWatch::Due DirectoryWatch::Take() {
  uint64_t expirations = 0;
  [[maybe_unused]] const ssize_t ticks = read(timer_.get(), &expirations, sizeof(expirations));
  const auto now = Clock::now();
  ReadEvents(now);

  Due due;
  for (auto it = writing_.begin(); it != writing_.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    due.names.insert(it->first);
    it = writing_.erase(it);
  }
  if (quiet_at_ && *quiet_at_ <= now) {
    due.names.merge(settled_);
    due.look_at_all = std::exchange(look_at_all_, false);
    due.read_all = std::exchange(read_all_, false);
    settled_.clear();
    quiet_at_.reset();
    batch_started_.reset();
  }
  if (look_again_at_ && *look_again_at_ <= now) {
    due.look_at_all = true;
    look_again_at_.reset();
  }
  if (!due.empty() || directory_ < 0) {
    if (!DirectoryIsInPlace()) {
      // What was removed was removed with the directory: not what the user said about one file.
      due = {};
      FollowDirectory(now);
      due.look_at_all = true;
    }
    due.gone = directory_ < 0;
    if (keep_missing_until_) {
      due.keep_missing = *keep_missing_until_ > now;
      if (due.keep_missing) {
        look_again_at_ =
            std::min(look_again_at_.value_or(*keep_missing_until_), *keep_missing_until_);
      } else {
        keep_missing_until_.reset();
      }
    }
  }
  ArmTimer();
  return due;
}

// The directory is not where it was: forget it and start again with what is there now, if
// anything is.
void DirectoryWatch::FollowDirectory(Clock::time_point now) {
  if (directory_ >= 0) inotify_rm_watch(inotify_.get(), directory_);
  directory_ = -1;
  settled_.clear();
  writing_.clear();
  quiet_at_.reset();
  batch_started_.reset();
  look_at_all_ = read_all_ = false;
  keep_missing_until_ = now + kRefill;
  if (!WatchDirectory().ok()) look_again_at_ = now + kLookAgain;
}

void DirectoryWatch::ReadEvents(Clock::time_point now) {
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t bytes = read(inotify_.get(), buffer, sizeof(buffer));
    if (bytes <= 0) return;  // EAGAIN: that was all
    for (ssize_t at = 0; at < bytes;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof(event));
      const auto* in_place = reinterpret_cast<const inotify_event*>(buffer + at);
      NoteEvent(*in_place, now);
      at += static_cast<ssize_t>(sizeof(event) + event.len);
    }
  }
}

void DirectoryWatch::NoteEvent(const inotify_event& event, Clock::time_point now) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    read_all_ = true;
    return Settle(now);
  }
  if (event.wd != directory_) {
    const auto links = link_targets_.find(event.wd);
    if (links == link_targets_.end()) return;
    for (const std::string& name : links->second) NoteFile(name, event.mask, now);
    if ((event.mask & IN_IGNORED) != 0) link_targets_.erase(links);
    return;
  }
  if (event.len == 0) {
    // About the directory itself; whether it is still in place is asked when this is due.
    look_at_all_ = true;
    return Settle(now);
  }
  const std::string name = event.name;
  if (IsManifestName(name)) return NoteFile(name, event.mask, now);
  // Links may lead through this name: the swap of "..data" under a ConfigMap is seen only here.
  if (!link_targets_.empty() && (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
    look_at_all_ = true;
    Settle(now);
  }
}

void DirectoryWatch::NoteFile(const std::string& name, uint32_t mask, Clock::time_point now) {
  if ((mask & IN_MODIFY) != 0) {
    settled_.erase(name);
    writing_[name] = now + kWriterPatience;
    return;
  }
  if ((mask & IN_ATTRIB) != 0 && BeingWritten(name)) return;
  if ((mask & IN_CREATE) != 0) {
    // A new regular file is about to be written and closed, unless it is one more name of an
    // existing file. A link is complete.
    struct stat status = {};
    const std::string path = fmt::format("{}/{}", path_, name);
    if (lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1) {
      writing_[name] = now + kWriterPatience;
      return;
    }
  }
  writing_.erase(name);
  settled_.insert(name);
  Settle(now);
}

void DirectoryWatch::Settle(Clock::time_point now) {
  if (!batch_started_) batch_started_ = now;
  quiet_at_ = std::min(now + kQuiet, *batch_started_ + kLongestBatch);
}

void DirectoryWatch::MarkBeingWritten(const std::string& name) {
  writing_[name] = Clock::now() + kWriterPatience;
  ArmTimer();
}

void DirectoryWatch::WatchLinkTarget(const std::string& name) {
  const std::string path = fmt::format("{}/{}", path_, name);
  const int descriptor = inotify_add_watch(inotify_.get(), path.c_str(), kTargetEvents);
  if (descriptor < 0) return LookAgain();  // vanished just now, or no watches left: ask stat
  if (descriptor != directory_) link_targets_[descriptor].insert(name);
}

void DirectoryWatch::LookAgain() {
  const auto soon = Clock::now() + kLookAgain;
  look_again_at_ = std::min(look_again_at_.value_or(soon), soon);
  ArmTimer();
}

void DirectoryWatch::ArmTimer() {
  std::optional<Clock::time_point> next;
  const auto consider = [&next](Clock::time_point when) {
    next = next ? std::min(*next, when) : when;
  };
  for (const auto& [name, when] : writing_) consider(when);
  if (quiet_at_) consider(*quiet_at_);
  if (look_again_at_) consider(*look_again_at_);
  itimerspec when = {};
  if (next) {
    const auto since_boot = next->time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(since_boot - seconds).count();
    if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0) when.it_value.tv_nsec = 1;
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace fairlead::kube
