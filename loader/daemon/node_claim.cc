// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/node_claim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

constexpr std::string_view kName = "fairleadd";  // abstract: begins with a zero byte

sockaddr_un Address(socklen_t& length) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, kName.data(), kName.size());
  length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + kName.size());
  return address;
}

// Who listens there; 0 if nobody says.
pid_t Holder() {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  socklen_t length = 0;
  const sockaddr_un address = Address(length);
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return 0;
  }
  return peer.pid;
}

}  // namespace

absl::StatusOr<NodeClaim> NodeClaim::Take(const std::string& state_dir) {
  NodeClaim claim;
  FL_RETURN_IF_ERROR(MakePrivateDirectory(state_dir));
  claim.state_ = UniqueFd(open(state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!claim.state_.ok()) return ErrnoStatus(errno, "open " + state_dir);
  if (flock(claim.state_.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::AlreadyExistsError(fmt::format(
        "another fairleadd uses the state directory {}: stop it, or give --state-dir", state_dir));
  }
  claim.socket_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!claim.socket_.ok()) return ErrnoStatus(errno, "create a socket");
  socklen_t length = 0;
  const sockaddr_un address = Address(length);
  if (bind(claim.socket_.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
      listen(claim.socket_.get(), 1) == 0) {
    return claim;
  }
  if (errno != EADDRINUSE) return ErrnoStatus(errno, "claim this node");
  const pid_t holder = Holder();
  return absl::AlreadyExistsError(
      holder == 0
          ? std::string("another fairleadd runs on this node: stop it first")
          : fmt::format("another fairleadd runs on this node (pid {}): stop it first", holder));
}

}  // namespace fairlead
