// SPDX-License-Identifier: Apache-2.0
//
// `fairleadd cleanup`: the machine as it was before fairlead came.
#ifndef FAIRLEAD_LOADER_DAEMON_CLEANUP_H_
#define FAIRLEAD_LOADER_DAEMON_CLEANUP_H_

#include "absl/status/status.h"
#include "loader/daemon/options.h"

namespace fairlead {

// Removes hooks, pods' interfaces, routes, the tunnel device, pins and state, and puts sysctls
// back. Tries everything; returns the first error. Nothing to do is OK.
absl::Status CleanUp(const Options& options);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_CLEANUP_H_
