// SPDX-License-Identifier: Apache-2.0
//
// on_connect at a cgroup: the node's own processes reach services by their
// sockets. Links are pinned, so that they outlive the daemon, and a restart
// swaps the programs behind them.
//
// The programs look at the sockets of one network namespace only, so that the
// root cgroup can serve several nodes.
#ifndef FAIRLEAD_LOADER_ATTACH_SOCKET_HOOKS_H_
#define FAIRLEAD_LOADER_ATTACH_SOCKET_HOOKS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/kernel/map_set.h"
#include "loader/kernel/programs.h"

namespace fairlead::attach {

// Of the calling thread's network namespace.
absl::StatusOr<uint64_t> NetnsCookie();

// The root of the cgroup v2 hierarchy of this machine, by /proc/mounts; NotFound.
absl::StatusOr<std::string> FindCgroupRoot();

// Loads the programs with `programs`' configuration over `maps`, and attaches them to `cgroup`;
// pins below `directory`, which is made. Links of an earlier run at another cgroup are replaced.
absl::Status AttachSocketHooks(const MapSet& maps, const Programs& programs,
                               const std::string& cgroup, const std::string& directory);

// An absent directory is fine.
absl::Status DetachSocketHooks(const std::string& directory);

}  // namespace fairlead::attach

#endif  // FAIRLEAD_LOADER_ATTACH_SOCKET_HOOKS_H_
