// SPDX-License-Identifier: Apache-2.0
//
// Puts fairlead-cni and its network configuration where the container runtime
// looks for them, once the daemon can answer, and takes them away again:
//
//   --cni-bin-dir/fairlead-cni            a copy of the binary beside fairleadd
//   --cni-conf-dir/10-fairlead.conflist   the network "fairlead"
//
// A runtime that finds the configuration sends pods, so it comes last. Both are
// replaced in one step (rename): a runtime never runs or reads half a file. What
// was installed is written down in STATE_DIR/cni-install.json, and only that is
// ever removed.
#ifndef FAIRLEAD_LOADER_DAEMON_CNI_INSTALL_H_
#define FAIRLEAD_LOADER_DAEMON_CNI_INSTALL_H_

#include <string>

#include "absl/status/status.h"
#include "loader/daemon/options.h"

namespace fairlead {

// Nothing to do, or it is there already, is OK. A configuration of that name
// that somebody has added other plugins to is theirs: it is left alone, with a
// line in the log.
absl::Status InstallCni(const Options& options);

// Removes what is written down, if it still is ours.
absl::Status UninstallCni(const std::string& state_dir);

// The configuration, as text.
std::string CniConfiguration(const std::string& socket);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_CNI_INSTALL_H_
