// SPDX-License-Identifier: Apache-2.0
//
// DELs that came while no daemon was there. A runtime that is told "try again
// later" keeps the pod terminating, so fairlead-cni writes the DEL down, says
// that it is done, and the next daemon, or the one that was just about to
// listen, completes it:
//
//   fairlead-cni ──▶ RUN_DIR/deferred-deletes/91c2….json ──▶ fairleadd
//
// One file (0600, directory 0700) per attachment, named by a hash of its id: no
// caller's string becomes a path, and a DEL that is repeated is still one file.
// Below RUN_DIR because a reboot, which empties it, removes the pods, too.
#ifndef FAIRLEAD_LOADER_PODS_DEFERRED_DELETES_H_
#define FAIRLEAD_LOADER_PODS_DEFERRED_DELETES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "loader/pods/cni_protocol.h"

namespace fairlead {

// As many as a node can have pods. With more of them something is wrong, and DEL fails.
inline constexpr size_t kMostDeferredDeletes = 4096;

std::string DeferredDeletesDirectory(const std::string& socket_path);

// For the plugin. On disk when it returns OK. A run directory that is not there
// is OK: no daemon has been here since the machine started, so there is no pod
// either. ResourceExhausted: too many are waiting.
absl::Status DeferDelete(const std::string& socket_path, const AttachmentId& id);

// For the daemon.
class DeferredDeletes {
 public:
  // Makes the directory of the socket's neighbour and watches it.
  static absl::StatusOr<DeferredDeletes> Open(const std::string& socket_path);

  // Readable when a DEL has been written down since the last All().
  int fd() const { return inotify_.get(); }

  // What is written down. Files that say nothing sensible are removed.
  std::vector<AttachmentId> All();
  bool Contains(const AttachmentId& id) const;
  void Remove(const AttachmentId& id);  // it is completed

 private:
  DeferredDeletes(std::string directory, UniqueFd inotify)
      : directory_(std::move(directory)), inotify_(std::move(inotify)) {}

  std::string directory_;
  UniqueFd inotify_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_DEFERRED_DELETES_H_
