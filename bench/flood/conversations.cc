// SPDX-License-Identifier: Apache-2.0
#include "bench/flood/conversations.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/errno_status.h"
#include "base/socket_address.h"
#include "base/status_macros.h"
#include "lab/clock.h"
#include "lab/network_namespace.h"

namespace fairlead::bench {
namespace {

constexpr timeval kPatience = {.tv_sec = 60, .tv_usec = 0};
constexpr unsigned kPatienceMs = 60'000;  // the same
// TCP_RTO_MAX_MS, of Linux 6.15: a connection whose packets the flood crowds out tries again after
// a second at most, not after two minutes. Older kernels do not know it.
constexpr int kRtoMaxMs = 44;
constexpr int kSecond = 1000;
constexpr int kBacklog = 4096;
// Lost connections after which the others are not waited for: each loss takes a minute to be one.
constexpr size_t kHopeless = 10;

absl::Status Follow(int epoll, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, "follow a socket");
}

absl::StatusOr<UniqueFd> Listen(const SocketAddress& address) {
  UniqueFd fd(::socket(address.domain(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (!fd.ok() || ::bind(fd.get(), address.get(), address.size) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return ErrnoStatus(errno, "listen on " + address.ToEndpoint().ToString());
  }
  return fd;
}

// Says things at once, and again every second until somebody hears them. TCP_USER_TIMEOUT: the
// kernel would give up after 15 tries, which are a quarter of an hour without kRtoMaxMs, and 14
// seconds with it.
void TalkPatiently(int fd) {
  constexpr int kOn = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof(kOn));
  ::setsockopt(fd, IPPROTO_TCP, kRtoMaxMs, &kSecond, sizeof(kSecond));
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kPatienceMs, sizeof(kPatienceMs));
}

absl::StatusOr<UniqueFd> Connect(const SocketAddress& address) {
  UniqueFd fd(::socket(address.domain(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  TalkPatiently(fd.get());
  if (!fd.ok() || ::connect(fd.get(), address.get(), address.size) != 0) {
    return ErrnoStatus(errno, "connect to " + address.ToEndpoint().ToString());
  }
  return fd;
}

void Accept(int listener, int epoll) {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    TalkPatiently(fd);
    if (!Follow(epoll, fd).ok()) ::close(fd);
  }
}

// What is sent is small and always fits. A client that has gone is its own business.
void Echo(int fd) {
  std::array<char, 4096> bytes{};
  const ssize_t size = ::recv(fd, bytes.data(), bytes.size(), 0);
  if (size > 0) {
    ::send(fd, bytes.data(), static_cast<size_t>(size), MSG_NOSIGNAL);
  } else if (size == 0 || errno != EAGAIN) {
    ::close(fd);
  }
}

[[noreturn]] void Serve(int listener, int epoll) {
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int ready = ::epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events.at(static_cast<size_t>(i)).data.fd;
      fd == listener ? Accept(listener, epoll) : Echo(fd);
    }
  }
}

// What the client's kernel knows of a connection: who looks for a lost one begins with its port.
std::string HistoryOf(int fd) {
  SocketAddress local;
  ::getsockname(fd, local.get(), &local.size);
  tcp_info info{};
  socklen_t size = sizeof(info);
  ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
  return fmt::format("from {}, {} segments repeated, last data {} ms ago, last answer {} ms ago",
                     local.ToEndpoint().ToString(), info.tcpi_total_retrans,
                     info.tcpi_last_data_recv, info.tcpi_last_ack_recv);
}

}  // namespace

absl::StatusOr<EchoServer> EchoServer::Open(const std::string& network_namespace, Family family,
                                            uint16_t port) {
  UniqueFd listener;
  FL_RETURN_IF_ERROR(lab::InNamespace(network_namespace, [&]() -> absl::Status {
    FL_ASSIGN_OR_RETURN(listener, Listen(SocketAddress({IpAddress::Unspecified(family), port})));
    return absl::OkStatus();
  }));
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.ok()) return ErrnoStatus(errno, "make an event loop");
  FL_RETURN_IF_ERROR(Follow(epoll.get(), listener.get()));
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) return ErrnoStatus(errno, "start a server");
  if (process > 0) return EchoServer(process);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) ::_exit(1);
  Serve(listener.get(), epoll.get());
}

EchoServer::~EchoServer() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

absl::StatusOr<Conversations> Conversations::Open(const std::string& network_namespace,
                                                  const Endpoint& server, size_t count) {
  Conversations conversations;
  FL_RETURN_IF_ERROR(lab::InNamespace(network_namespace, [&]() -> absl::Status {
    for (size_t i = 0; i < count; ++i) {
      FL_ASSIGN_OR_RETURN(UniqueFd fd, Connect(SocketAddress(server)));
      conversations.connections_.push_back(std::move(fd));
    }
    return absl::OkStatus();
  }));
  return conversations;
}

void Conversations::Lose(UniqueFd& fd, const std::string& why) {
  if (lost_++ == 0) first_loss_ = fmt::format("{} ({})", why, HistoryOf(fd.get()));
  fd = UniqueFd();
}

void Conversations::Round() {
  ++number_;
  for (UniqueFd& fd : connections_) {
    if (!fd.ok()) continue;
    if (::send(fd.get(), &number_, sizeof(number_), MSG_NOSIGNAL) != sizeof(number_)) {
      Lose(fd, fmt::format("send: {}", std::strerror(errno)));
    }
  }
  for (UniqueFd& fd : connections_) {
    if (!fd.ok()) continue;
    if (lab::Interrupted() || lost_ >= kHopeless) return;
    uint64_t heard = 0;
    const ssize_t size = ::recv(fd.get(), &heard, sizeof(heard), MSG_WAITALL);
    if (size != sizeof(heard)) {
      Lose(fd, size == 0 ? "closed by the other end"
                         : fmt::format("receive: {}", std::strerror(errno)));
    } else if (heard != number_) {
      Lose(fd, fmt::format("said {}, heard {}", number_, heard));
    } else {
      ++exchanges_;
    }
  }
}

}  // namespace fairlead::bench
