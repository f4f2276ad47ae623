// SPDX-License-Identifier: Apache-2.0
//
// Which files of a directory have changed and are worth reading now. Hides
// inotify's races behind two waits:
//
//   write ─▶ write ─▶ close ──1 ms quiet (at most 40)───▶ due
//   write ─▶ write ──────────────1 s quiet──────────────▶ due (never closed)
//
// A file that is still being written is not due: half of it may be valid YAML
// that lacks objects. Closed, renamed and removed files are due at once but for
// the pause that lets a batch (cp -r, a ConfigMap swap, rm -r) arrive whole.
// Symbolic links are followed: their targets are watched too. The directory may
// vanish and come back.
#ifndef FAIRLEAD_LOADER_KUBE_DIRECTORY_WATCH_H_
#define FAIRLEAD_LOADER_KUBE_DIRECTORY_WATCH_H_

#include <sys/stat.h>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

struct inotify_event;

namespace fairlead::kube {

class DirectoryWatch {
 public:
  static absl::StatusOr<DirectoryWatch> Open(const std::string& path);

  // Readable when Take() has something to do.
  int fd() const { return poll_.get(); }

  struct Due {
    std::set<std::string> names;  // to be read again, whatever stat says
    bool look_at_all = false;     // compare every file with what is known of it
    bool read_all = false;        // events were lost: read every file again
    // The directory has just come back: files that are missing may still be on their way, so
    // nothing is to be removed yet. look_at_all follows within a second.
    bool keep_missing = false;
    bool gone = false;  // there is no directory

    bool empty() const { return names.empty() && !look_at_all && !read_all; }
  };
  // Reads what the kernel has to say and returns what is due. Never blocks.
  Due Take();

  // Somebody has this file open for writing.
  bool BeingWritten(const std::string& name) const { return writing_.count(name) != 0; }
  // The caller saw the file change while reading it: due when that is over.
  void MarkBeingWritten(const std::string& name);
  // `name` is a symbolic link to a regular file: report changes of the target too.
  void WatchLinkTarget(const std::string& name);
  // Something could not be read and no event will tell when it can: look_at_all soon.
  void LookAgain();

 private:
  using Clock = std::chrono::steady_clock;

  explicit DirectoryWatch(std::string path) : path_(std::move(path)) {}

  absl::Status WatchDirectory();
  bool DirectoryIsInPlace() const;
  void ReadEvents(Clock::time_point now);
  void NoteEvent(const inotify_event& event, Clock::time_point now);
  void NoteFile(const std::string& name, uint32_t mask, Clock::time_point now);
  void Settle(Clock::time_point now);
  void FollowDirectory(Clock::time_point now);
  void ArmTimer();

  std::string path_;
  UniqueFd inotify_;
  UniqueFd timer_;
  UniqueFd poll_;
  int directory_ = -1;  // its watch descriptor; -1: the directory is gone
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::map<int, std::set<std::string>> link_targets_;  // watch descriptor → links that lead there

  std::set<std::string> settled_;                     // complete, waiting for quiet_at_
  std::map<std::string, Clock::time_point> writing_;  // → when we stop waiting for the close
  bool look_at_all_ = false;                          // waits for quiet_at_, too
  bool read_all_ = false;
  std::optional<Clock::time_point> batch_started_;
  std::optional<Clock::time_point> quiet_at_;
  std::optional<Clock::time_point> look_again_at_;  // one more look_at_all
  std::optional<Clock::time_point> keep_missing_until_;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_DIRECTORY_WATCH_H_
