// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/node_claim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

constexpr std::string_view kName = "fairleadd";
constexpr int kMostNames = 8;

sockaddr_un AddressOf(std::string_view name, socklen_t& length) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // abstract: a zero byte first
  length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return address;
}

// Who listens there, as the kernel says; nullopt: nobody.
std::optional<ucred> HolderOf(std::string_view name) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  socklen_t length = 0;
  const sockaddr_un address = AddressOf(name, length);
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return std::nullopt;
  }
  return peer;
}

// Abstract names of this network namespace that begin with ours.
absl::StatusOr<std::set<std::string>> NamesLikeOurs() {
  std::ifstream sockets("/proc/net/unix");
  if (!sockets) return ErrnoStatus(errno, "read /proc/net/unix");
  const std::string mark = fmt::format(" @{}", kName);
  std::set<std::string> names;
  for (std::string line; std::getline(sockets, line);) {
    const size_t at = line.find(mark);
    if (at == std::string::npos) continue;
    const std::string name = line.substr(at + 2);
    if (name.size() + 1 < sizeof(sockaddr_un::sun_path)) names.insert(name);
  }
  return names;
}

std::string AnyName() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof(number), 0) != sizeof(number)) return std::string(kName);
  return fmt::format("{}.{:016x}", kName, number);
}

}  // namespace

absl::Status NodeClaim::TakeAName() {
  socket_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket_.ok()) return ErrnoStatus(errno, "create a socket");
  name_ = kName;
  for (int i = 0; i < kMostNames; ++i, name_ = AnyName()) {
    socklen_t length = 0;
    const sockaddr_un address = AddressOf(name_, length);
    if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0) {
      // Many may wait: who fills the queue hides us from a second daemon.
      return listen(socket_.get(), SOMAXCONN) == 0 ? absl::OkStatus()
                                                   : ErrnoStatus(errno, "claim this node");
    }
    if (errno != EADDRINUSE) return ErrnoStatus(errno, "claim this node");
  }
  return absl::AlreadyExistsError("claim this node: every name is taken");
}

// Of two daemons that start at once, each listens before it looks, so that one of them at
// least sees the other; both may give way, and are started again.
absl::Status NodeClaim::RefuseOthers() const {
  FL_ASSIGN_OR_RETURN(const std::set<std::string> names, NamesLikeOurs());
  for (const std::string& name : names) {
    if (name == name_) continue;
    const std::optional<ucred> holder = HolderOf(name);
    if (holder.has_value() && holder->uid == 0) {
      return absl::AlreadyExistsError(
          fmt::format("another fairleadd runs on this node (pid {}): stop it first", holder->pid));
    }
    if (name != kName) continue;
    if (holder.has_value()) {
      LogWarn("@{} is held by pid={} uid={}, which is not root: no fairleadd, ignored", name,
              holder->pid, holder->uid);
    } else {
      LogWarn("@{} is held by a process that does not listen: no fairleadd, ignored", name);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<NodeClaim> NodeClaim::Take(const std::string& state_dir) {
  NodeClaim claim;
  FL_RETURN_IF_ERROR(MakePrivateDirectory(state_dir));
  claim.state_ = UniqueFd(open(state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!claim.state_.ok()) return ErrnoStatus(errno, "open " + state_dir);
  if (flock(claim.state_.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::AlreadyExistsError(fmt::format(
        "another fairleadd uses the state directory {}: stop it, or give --state-dir", state_dir));
  }
  FL_RETURN_IF_ERROR(claim.TakeAName());
  FL_RETURN_IF_ERROR(claim.RefuseOthers());
  return claim;
}

}  // namespace fairlead
