// SPDX-License-Identifier: Apache-2.0
//
// Work inside another network namespace without ever leaving one's own.
#ifndef FAIRLEAD_LOADER_NETLINK_NETNS_H_
#define FAIRLEAD_LOADER_NETLINK_NETNS_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead {

// Runs `work` in the namespace of `netns_fd`, on a thread of its own that ends
// before this returns: the caller's thread never moves, so there is no way
// back that could fail and leave the daemon in a pod's namespace.
absl::Status RunInNetns(int netns_fd, const std::function<absl::Status()>& work);

// A fresh, empty namespace that lives as long as the returned descriptor (or a
// process or link in it).
absl::StatusOr<UniqueFd> MakeNetns();

// The calling thread's namespace.
absl::StatusOr<UniqueFd> CurrentNetns();

// InvalidArgument unless `fd` is a network namespace and not the caller's own.
absl::Status CheckForeignNetns(int fd);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_NETNS_H_
