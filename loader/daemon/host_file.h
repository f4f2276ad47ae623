// SPDX-License-Identifier: Apache-2.0
//
// host.json: what the daemon keeps of the host and what is wrong with it, for
// `fairlead status`, which looks itself whether the settings are still right.
#ifndef FAIRLEAD_LOADER_DAEMON_HOST_FILE_H_
#define FAIRLEAD_LOADER_DAEMON_HOST_FILE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "loader/daemon/sysctl_keeper.h"

namespace fairlead {

// What is wrong now, by what it is about: "node", "services".
using Problems = std::map<std::string, std::vector<std::string>>;

class HostFile {
 public:
  static constexpr size_t kMostProblems = 50;  // about one thing; of more their number is said

  explicit HostFile(std::string path) : path_(std::move(path)) {}

  // Replaces the file atomically, 0600, if what it says has changed. Texts are Printable().
  absl::Status Write(const std::map<std::string, SysctlKeeper::Kept>& sysctls,
                     const Problems& problems);

 private:
  std::string path_;
  std::string written_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_HOST_FILE_H_
