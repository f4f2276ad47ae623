// SPDX-License-Identifier: Apache-2.0
//
// See tcp_pair.h.
#include "bench/network/tcp_pair.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "base/errno_status.h"
#include "base/socket_address.h"
#include "base/status_macros.h"
#include "lab/network_namespace.h"

namespace fairlead::bench {
namespace {

using lab::Clock;
constexpr uint16_t kPort = 7001;
constexpr size_t kChunk = 128 << 10;
constexpr int kNice = -20;  // compilers may run beside us
// No step takes longer on a path that works.
constexpr timeval kPatience = {.tv_sec = 5, .tv_usec = 0};
constexpr char kPing = '.';
constexpr char kLast = 'x';

UniqueFd NewSocket(const SocketAddress& address) {
  UniqueFd fd(::socket(address.domain(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

void RunOn(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % std::max(1U, std::thread::hardware_concurrency()), &set);
  ::sched_setaffinity(0, sizeof(set), &set);
  ::setpriority(PRIO_PROCESS, 0, kNice);  // of this thread
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

// Sends until `end`; the last byte says that it is the last one.
absl::Status SendUntil(int fd, Clock::time_point end) {
  std::vector<char> chunk(kChunk, kPing);
  while (Clock::now() < end) FL_RETURN_IF_ERROR(SendAll(fd, chunk.data(), chunk.size()));
  return SendAll(fd, &kLast, 1);
}

struct Received {
  uint64_t bytes = 0;
  Clock::duration time = {};
};

absl::StatusOr<Received> ReceiveAll(int fd, Clock::time_point begin) {
  std::vector<char> chunk(kChunk);
  Received counted;
  Clock::time_point first = {}, last = {};
  for (;;) {
    FL_ASSIGN_OR_RETURN(const size_t size, Receive(fd, chunk.data(), chunk.size()));
    const Clock::time_point now = Clock::now();
    if (first != Clock::time_point()) {
      counted.bytes += size;
      last = now;
    } else if (now >= begin) {
      first = last = now;
    }
    if (chunk[size - 1] == kLast) break;
  }
  counted.time = last - first;
  return counted;
}

absl::Status Echo(int fd) {
  for (char byte = kPing; byte != kLast;) {
    FL_RETURN_IF_ERROR(Receive(fd, &byte, 1).status());
    FL_RETURN_IF_ERROR(SendAll(fd, &byte, 1));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> Ask(int fd, Clock::time_point end) {
  std::vector<double> microseconds;
  for (Clock::time_point before = Clock::now();;) {
    char byte = before < end ? kPing : kLast;
    const bool is_last = byte == kLast;
    FL_RETURN_IF_ERROR(SendAll(fd, &byte, 1));
    FL_RETURN_IF_ERROR(Receive(fd, &byte, 1).status());
    const Clock::time_point after = Clock::now();
    microseconds.push_back(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
    if (is_last) return microseconds;
  }
}

}  // namespace

absl::StatusOr<TcpPair> TcpPair::Open(const std::string& client_namespace,
                                      const std::string& server_namespace,
                                      const IpAddress& server) {
  const SocketAddress address({server, kPort});
  UniqueFd listener, client;
  FL_RETURN_IF_ERROR(lab::InNamespace(server_namespace, [&]() -> absl::Status {
    listener = NewSocket(address);
    if (::bind(listener.get(), address.get(), address.size) != 0 || ::listen(listener.get(), 1)) {
      return ErrnoStatus(errno, "listen on " + server.ToString());
    }
    return absl::OkStatus();
  }));
  FL_RETURN_IF_ERROR(lab::InNamespace(client_namespace, [&]() -> absl::Status {
    client = NewSocket(address);
    if (::connect(client.get(), address.get(), address.size) != 0) {
      return ErrnoStatus(errno,
                         fmt::format("connect from {} to {}", client_namespace, server.ToString()));
    }
    return absl::OkStatus();
  }));
  UniqueFd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted.ok()) return ErrnoStatus(errno, "accept");
  const int on = 1;
  ::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(accepted.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(accepted.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  return TcpPair(std::move(client), std::move(accepted));
}

absl::StatusOr<double> TcpPair::Throughput(lab::Duration duration, Cpus cpus) {
  const Clock::time_point begin = Clock::now();
  absl::Status sent;
  std::thread sender([&] {
    RunOn(0);
    sent = SendUntil(client_.get(), begin + duration);
  });
  absl::StatusOr<Received> received = absl::UnknownError("");
  std::thread receiver([&] {
    RunOn(cpus == Cpus::kOne ? 0 : 1);
    received = ReceiveAll(server_.get(), begin + duration / 4);
  });
  sender.join();
  receiver.join();
  FL_RETURN_IF_ERROR(sent);
  if (!received.ok()) return received.status();
  const double seconds = std::chrono::duration<double>(received->time).count();
  if (seconds <= 0) return absl::DeadlineExceededError("nothing arrived in time");
  return static_cast<double>(received->bytes) * 8 / seconds / 1e9;
}

absl::StatusOr<double> TcpPair::RoundTrip(lab::Duration duration) {
  absl::Status echoed;
  std::thread server([&] {
    RunOn(0);
    echoed = Echo(server_.get());
  });
  absl::StatusOr<std::vector<double>> microseconds = absl::UnknownError("");
  std::thread client([&] {
    RunOn(0);
    microseconds = Ask(client_.get(), Clock::now() + duration);
  });
  client.join();
  server.join();
  FL_RETURN_IF_ERROR(echoed);
  if (!microseconds.ok()) return microseconds.status();
  const auto middle = microseconds->begin() + static_cast<long>(microseconds->size() / 2);
  std::nth_element(microseconds->begin(), middle, microseconds->end());
  return *middle;
}

}  // namespace fairlead::bench
