// SPDX-License-Identifier: Apache-2.0
//
// One question to fairleadd and its answer.
#ifndef FAIRLEAD_CNI_DAEMON_CLIENT_H_
#define FAIRLEAD_CNI_DAEMON_CLIENT_H_

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "loader/pods/cni_protocol.h"

namespace fairlead {

// How long a call waits for its turn. A pod takes 20 to 80 ms, most of it grace
// periods of the kernel (docs/cni.md); a thousand may be before us. A daemon that
// is not there is known at once, and runtimes give up after four minutes.
inline constexpr std::chrono::seconds kDaemonPatience{150};

// `netns_fd` goes with the request unless it is -1. Every error means that the
// daemon cannot be reached now: absent (at once), stopping, or too busy.
absl::StatusOr<CniReply> AskDaemon(const std::string& socket_path, const CniRequest& request,
                                   int netns_fd, std::chrono::seconds patience = kDaemonPatience);

}  // namespace fairlead

#endif  // FAIRLEAD_CNI_DAEMON_CLIENT_H_
