// SPDX-License-Identifier: Apache-2.0
//
// Many TCP connections that have been established and go on talking: a number
// each way on every one of them, round after round. Both ends are threads of
// this process.
#ifndef FAIRLEAD_BENCH_FLOOD_CONVERSATIONS_H_
#define FAIRLEAD_BENCH_FLOOD_CONVERSATIONS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"

namespace fairlead::bench {

// Answers whatever comes in on a TCP port with the same bytes, until it ends.
class EchoServer {
 public:
  static absl::StatusOr<std::unique_ptr<EchoServer>> Open(const std::string& network_namespace,
                                                          Family family, uint16_t port);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

 private:
  EchoServer(UniqueFd listener, UniqueFd epoll, UniqueFd stop);
  void Serve();
  void Accept();
  void Echo(int fd);

  UniqueFd listener_;
  UniqueFd epoll_;
  UniqueFd stop_;  // eventfd
  std::vector<UniqueFd> connections_;
  std::thread thread_;
};

class Conversations {
 public:
  static absl::StatusOr<Conversations> Open(const std::string& network_namespace,
                                            const Endpoint& server, size_t count);

  // One round: everybody says a new number, and hears it. A connection on which that fails is
  // lost and left out from then on; one whose answer takes longer than a minute, too.
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
