// SPDX-License-Identifier: Apache-2.0
//
// What the node's sysctls were before fairlead changed them, so that
// `fairleadd cleanup` can leave the machine as it was.
#ifndef FAIRLEAD_LOADER_NETLINK_SYSCTL_JOURNAL_H_
#define FAIRLEAD_LOADER_NETLINK_SYSCTL_JOURNAL_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fairlead {

class SysctlJournal {
 public:
  // `path` is a file in the state directory, which must exist. A damaged
  // journal is DataLoss: what it recorded cannot be guessed.
  static absl::StatusOr<SysctlJournal> Open(std::string path);

  // Writes the value; its first change of a name is recorded on disk before
  // the kernel sees it. A name that has the value already is left alone.
  absl::Status Set(std::string_view name, std::string_view value);

  // A device has another name now, and so have its settings.
  absl::Status RenameDevice(std::string_view from, std::string_view to);

  // Writes every original value back and removes the journal. A setting that
  // is gone (with its device) is skipped; the first other error is returned
  // after all have been tried, and what failed stays recorded.
  absl::Status RestoreAll();

  const std::map<std::string, std::string>& originals() const { return originals_; }

 private:
  explicit SysctlJournal(std::string path) : path_(std::move(path)) {}
  absl::Status Save() const;

  std::string path_;
  std::map<std::string, std::string> originals_;  // by /proc path, so that spellings are one
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_SYSCTL_JOURNAL_H_
