// SPDX-License-Identifier: Apache-2.0
//
// What clients and backends of the measurement say to each other: a byte there
// and a byte back.
#ifndef FAIRLEAD_BENCH_SERVICES_DIALOGUE_H_
#define FAIRLEAD_BENCH_SERVICES_DIALOGUE_H_

#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "lab/clock.h"

namespace fairlead::bench {

// Connections per second, one after the other: connect, a byte there and back,
// reset, so that nothing is left to wait for. Both ends share a CPU: what is
// measured is the path. And it is the rate of the median connection, so that it
// is not what else the machine did meanwhile.
absl::StatusOr<double> ConnectionRate(const std::string& client_namespace,
                                      const std::string& server_namespace, const Endpoint& server,
                                      const Endpoint& front, lab::Duration duration);

// Listens and answers whatever it is told with `letter`, one connection at a
// time, until its end.
class Answerer {
 public:
  static absl::StatusOr<std::unique_ptr<Answerer>> Start(const std::string& network_namespace,
                                                         const Endpoint& endpoint, char letter);
  ~Answerer();
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

 private:
  explicit Answerer(UniqueFd listener) : listener_(std::move(listener)) {}

  UniqueFd listener_;
  std::jthread thread_;
};

// Asks over a new connection every 200 µs until `letter` answers; when that was.
absl::StatusOr<lab::Clock::time_point> AwaitAnswer(const std::string& client_namespace,
                                                   const Endpoint& front, char letter,
                                                   lab::Duration patience, std::stop_token stop);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_SERVICES_DIALOGUE_H_
