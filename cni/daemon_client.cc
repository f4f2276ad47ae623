// SPDX-License-Identifier: Apache-2.0
#include "cni/daemon_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "loader/pods/cni_socket.h"

namespace fairlead {

absl::StatusOr<CniReply> AskDaemon(const std::string& socket_path, const CniRequest& request,
                                   int netns_fd, std::chrono::seconds patience) {
  FL_ASSIGN_OR_RETURN(const sockaddr_un address, UnixAddress(socket_path));
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.ok()) return ErrnoStatus(errno, "open socket");
  timeval limit{};
  limit.tv_sec = patience.count();
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));  // connect() too
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  const void* raw = &address;
  if (::connect(socket.get(), static_cast<const sockaddr*>(raw), sizeof(address)) < 0) {
    return ErrnoStatus(errno, fmt::format("connect to {}", socket_path));
  }
  FL_RETURN_IF_ERROR(SendMessage(socket.get(), EncodeRequest(request), netns_fd));
  FL_ASSIGN_OR_RETURN(const SocketMessage answer, ReceiveMessage(socket.get()));
  return DecodeReply(answer.text);
}

}  // namespace fairlead
