// SPDX-License-Identifier: Apache-2.0
//
// The directory of pins: made, and mounted where there is no bpffs yet.
#ifndef FAIRLEAD_LOADER_DAEMON_BPF_FILESYSTEM_H_
#define FAIRLEAD_LOADER_DAEMON_BPF_FILESYSTEM_H_

#include <string>

#include "absl/status/status.h"

namespace fairlead {

// Makes `directory` (0700) on a bpffs: mounts one on /sys/fs/bpf for paths below
// it, or else on `directory` itself.
absl::Status EnsureBpfDirectory(const std::string& directory);

// Removes `directory` and all pins in it, and unmounts it if it is a mount of
// its own (then it was made by EnsureBpfDirectory). Not there is fine.
absl::Status RemoveBpfDirectory(const std::string& directory);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_BPF_FILESYSTEM_H_
