// SPDX-License-Identifier: Apache-2.0
//
// host.json: what the daemon keeps of the host and what is wrong with it, for
// `fairlead status`, which looks itself whether the settings are still right.
#ifndef FAIRLEAD_LOADER_DAEMON_HOST_FILE_H_
#define FAIRLEAD_LOADER_DAEMON_HOST_FILE_H_

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "loader/daemon/sysctl_keeper.h"

namespace fairlead {

class HostFile {
 public:
  explicit HostFile(std::string path) : path_(std::move(path)) {}

  // Replaces the file atomically, 0600, if what it says has changed.
  absl::Status Write(const std::map<std::string, SysctlKeeper::Kept>& sysctls,
                     const std::set<std::string>& problems);

 private:
  std::string path_;
  std::string written_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_HOST_FILE_H_
