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

// How long ADD waits: plumbing takes milliseconds, a hundred others before us
// a second or two. Runtimes give up after minutes.
inline constexpr std::chrono::seconds kDaemonPatience{30};

// `netns_fd` goes with the request unless it is -1. Every error means that the
// daemon cannot be reached now: absent (at once), stopping, or too busy.
absl::StatusOr<CniReply> AskDaemon(const std::string& socket_path, const CniRequest& request,
                                   int netns_fd, std::chrono::seconds patience = kDaemonPatience);

}  // namespace fairlead

#endif  // FAIRLEAD_CNI_DAEMON_CLIENT_H_
