// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/socket_keeper.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

// glibc 2.36 has forgotten to say that these are C.
extern "C" {
#include <sys/pidfd.h>
}

#include "base/errno_status.h"
#include "base/log.h"
#include "base/socket_address.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"

namespace fairlead {
namespace {

namespace fs = std::filesystem;

struct Move {
  UdpSocket socket;
  Endpoint to;
};
using Moves = std::map<uint32_t, Move>;  // by inode

template <typename T>
std::optional<T> Number(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "socket:[4711]" → 4711
std::optional<uint32_t> InodeOf(std::string_view link) {
  constexpr std::string_view kSocket = "socket:[";
  if (!link.starts_with(kSocket) || !link.ends_with(']')) return std::nullopt;
  return Number<uint32_t>(link.substr(kSocket.size(), link.size() - kSocket.size() - 1));
}

uint64_t CookieOf(int fd) {
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  return ::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

// What the kernel says of the peer, scope and all, is what the socket is connected to once more:
// on_connect answers for it with the peer that the process knows. A process that has connected it
// to somebody else since our look is left alone; one that does so between these two calls loses,
// as if it had been a moment earlier.
absl::Status ConnectAnew(int fd, const Move& move) {
  SocketAddress named;
  if (CookieOf(fd) != move.socket.cookie || ::getpeername(fd, named.get(), &named.size) != 0 ||
      named.ToEndpoint() != move.to) {
    return absl::OkStatus();
  }
  if (::connect(fd, named.get(), named.size) != 0) {
    return ErrnoStatus(errno, "connect anew to " + move.to.ToString());
  }
  return absl::OkStatus();
}

absl::Status MoveOf(pid_t pid, int number, const Move& move) {
  const UniqueFd process(pidfd_open(pid, 0));
  if (!process.ok()) return absl::OkStatus();  // gone, and its socket
  const UniqueFd fd(pidfd_getfd(process.get(), number, 0));
  if (!fd.ok()) {
    if (errno == EBADF || errno == ESRCH) return absl::OkStatus();
    return ErrnoStatus(errno, fmt::format("take socket {} of process {}", number, pid));
  }
  return ConnectAnew(fd.get(), move);
}

void LookAtProcess(pid_t pid, const fs::path& descriptors, Moves& moves, absl::Status& failed) {
  std::error_code error;  // processes come and go
  for (fs::directory_iterator entry(descriptors, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code unread;
    const std::optional<uint32_t> inode = InodeOf(fs::read_symlink(entry->path(), unread).native());
    const auto move = inode.has_value() ? moves.find(*inode) : moves.end();
    const std::optional<int> number = Number<int>(entry->path().filename().native());
    if (move == moves.end() || !number.has_value()) continue;
    const absl::Status status = MoveOf(pid, *number, move->second);
    if (failed.ok()) failed = status;
    moves.erase(move);  // others that share it have the same socket
  }
}

}  // namespace

absl::Status KeepConnectedSockets(const AnewOf& anew_of) {
  FL_ASSIGN_OR_RETURN(const std::vector<UdpSocket> sockets, ListConnectedUdpSockets());
  Moves moves;
  for (const UdpSocket& socket : sockets) {
    const std::optional<Endpoint> to = anew_of(socket);
    if (to.has_value()) moves[socket.inode] = {socket, *to};
  }
  const size_t wanted = moves.size();
  absl::Status failed;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error);
       !error && !moves.empty() && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::optional<pid_t> pid = Number<pid_t>(entry->path().filename().native());
    if (pid.has_value()) LookAtProcess(*pid, entry->path() / "fd", moves, failed);
  }
  // One that is not found was closed meanwhile, or its process is not in sight.
  if (wanted > 0) {
    LogInfo("UDP sockets of processes connected anew: {} of {}", wanted - moves.size(), wanted);
  }
  return failed;
}

}  // namespace fairlead
