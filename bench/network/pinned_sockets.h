// SPDX-License-Identifier: Apache-2.0
//
// TCP between threads of this process that are pinned to CPUs. A byte at a
// time, and the last one says that it is the last one.
#ifndef FAIRLEAD_BENCH_NETWORK_PINNED_SOCKETS_H_
#define FAIRLEAD_BENCH_NETWORK_PINNED_SOCKETS_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"

namespace fairlead::bench {

constexpr char kPing = '.';
constexpr char kLast = 'x';

// The calling thread, from now on, and before everybody else.
void RunOn(unsigned cpu);

// No step on these sockets takes longer than some seconds, and no byte waits for others.
absl::StatusOr<UniqueFd> Listen(const std::string& network_namespace, const Endpoint& endpoint);
// `fd` is in the right namespace by where it was made.
UniqueFd NewTcpSocket(Family family);
absl::Status Connect(int fd, const Endpoint& endpoint);
absl::StatusOr<UniqueFd> Accept(int listener);

absl::Status SendAll(int fd, const char* data, size_t size);
// At least one byte. UNAVAILABLE when the other end has closed.
absl::StatusOr<size_t> Receive(int fd, char* data, size_t size);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_NETWORK_PINNED_SOCKETS_H_
