// SPDX-License-Identifier: Apache-2.0
//
// See tcp_pair.h.
#include "bench/network/tcp_pair.h"

#include <algorithm>
#include <thread>

#include "base/status_macros.h"
#include "bench/network/pinned_sockets.h"
#include "lab/network_namespace.h"

namespace fairlead::bench {
namespace {

using lab::Clock;
constexpr size_t kChunk = 128 << 10;

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
                                      const std::string& server_namespace, const Endpoint& server,
                                      const Endpoint& front) {
  FL_ASSIGN_OR_RETURN(const UniqueFd listener, Listen(server_namespace, server));
  UniqueFd client;
  FL_RETURN_IF_ERROR(lab::InNamespace(client_namespace, [&] {
    client = NewTcpSocket(front.address.family());
    return Connect(client.get(), front);
  }));
  FL_ASSIGN_OR_RETURN(UniqueFd accepted, Accept(listener.get()));
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
