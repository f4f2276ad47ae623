// SPDX-License-Identifier: Apache-2.0
#include "bench/network/pinned_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/errno_status.h"
#include "base/socket_address.h"
#include "base/status_macros.h"
#include "lab/network_namespace.h"

namespace fairlead::bench {
namespace {

constexpr int kNice = -20;  // compilers may run beside us
// No step takes longer on a path that works.
constexpr timeval kPatience = {.tv_sec = 5, .tv_usec = 0};
constexpr int kBacklog = 64;

void SetOptions(int fd) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

void RunOn(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % std::max(1U, std::thread::hardware_concurrency()), &set);
  ::sched_setaffinity(0, sizeof(set), &set);
  ::setpriority(PRIO_PROCESS, 0, kNice);  // of this thread
}

UniqueFd NewTcpSocket(Family family) {
  const int domain = family == Family::kIpv4 ? AF_INET : AF_INET6;
  UniqueFd fd(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SetOptions(fd.get());
  return fd;
}

absl::StatusOr<UniqueFd> Listen(const std::string& network_namespace, const Endpoint& endpoint) {
  UniqueFd listener;
  FL_RETURN_IF_ERROR(lab::InNamespace(network_namespace, [&]() -> absl::Status {
    listener = NewTcpSocket(endpoint.address.family());
    const int on = 1;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    const SocketAddress address(endpoint);
    if (::bind(listener.get(), address.get(), address.size) != 0 ||
        ::listen(listener.get(), kBacklog) != 0) {
      return ErrnoStatus(errno, "listen on " + endpoint.ToString());
    }
    return absl::OkStatus();
  }));
  return listener;
}

absl::Status Connect(int fd, const Endpoint& endpoint) {
  const SocketAddress address(endpoint);
  if (::connect(fd, address.get(), address.size) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, "connect to " + endpoint.ToString());
}

absl::StatusOr<UniqueFd> Accept(int listener) {
  UniqueFd accepted(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted.ok()) return ErrnoStatus(errno, "accept");
  SetOptions(accepted.get());
  return accepted;
}

absl::Status SendAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0) return ErrnoStatus(errno, "send");
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> Receive(int fd, char* data, size_t size) {
  const ssize_t received = ::recv(fd, data, size, 0);
  if (received < 0) return ErrnoStatus(errno, "receive");
  if (received == 0) return absl::UnavailableError("the other end has closed");
  return static_cast<size_t>(received);
}

}  // namespace fairlead::bench
