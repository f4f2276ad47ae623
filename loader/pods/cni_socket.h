// SPDX-License-Identifier: Apache-2.0
//
// The bytes of the socket between fairlead-cni and fairleadd: its address, and
// messages that may carry one descriptor.
#ifndef FAIRLEAD_LOADER_PODS_CNI_SOCKET_H_
#define FAIRLEAD_LOADER_PODS_CNI_SOCKET_H_

#include <sys/un.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead {

// InvalidArgument when the path does not fit into an address (108 bytes).
absl::StatusOr<sockaddr_un> UnixAddress(const std::string& path);

struct SocketMessage {
  std::string text;
  UniqueFd descriptor;  // not ok() when none came along
};

// Sends one message; `descriptor` -1 for none, it stays the caller's.
absl::Status SendMessage(int socket, std::string_view text, int descriptor);

// Receives one message. OutOfRange: the other side has closed; Unavailable:
// nothing within the socket's timeout (or at once, for a nonblocking one);
// InvalidArgument: too long, or more than one descriptor (which are closed).
absl::StatusOr<SocketMessage> ReceiveMessage(int socket);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_CNI_SOCKET_H_
