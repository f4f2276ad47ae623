// SPDX-License-Identifier: Apache-2.0
//
// Many TCP connections that have been established and go on talking: a number
// each way on every one of them, round after round.
#ifndef FAIRLEAD_BENCH_FLOOD_CONVERSATIONS_H_
#define FAIRLEAD_BENCH_FLOOD_CONVERSATIONS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"

namespace fairlead::bench {

// Answers whatever comes in on a TCP port with the same bytes: a process of its own, because one
// may not have as many descriptors as both ends of all connections need. It ends with this object.
class EchoServer {
 public:
  static absl::StatusOr<EchoServer> Open(const std::string& network_namespace, Family family,
                                         uint16_t port);
  ~EchoServer();
  EchoServer(EchoServer&& other) noexcept : process_(std::exchange(other.process_, 0)) {}
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

 private:
  explicit EchoServer(pid_t process) : process_(process) {}

  pid_t process_;  // 0: moved from
};

class Conversations {
 public:
  static absl::StatusOr<Conversations> Open(const std::string& network_namespace,
                                            const Endpoint& server, size_t count);

  // One round: everybody says a new number, and hears it. A connection on which that fails is
  // lost and left out from then on; one whose answer takes longer than a minute, too. Ends early
  // when interrupted, or when many are lost.
  void Round();

  size_t lost() const { return lost_; }
  const std::string& first_loss() const { return first_loss_; }
  uint64_t exchanges() const { return exchanges_; }

 private:
  void Lose(UniqueFd& fd, const std::string& why);

  std::vector<UniqueFd> connections_;
  uint64_t number_ = 0;
  uint64_t exchanges_ = 0;
  size_t lost_ = 0;
  std::string first_loss_;
};

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_FLOOD_CONVERSATIONS_H_
