// SPDX-License-Identifier: Apache-2.0
//
// One TCP connection between two network namespaces and what it can carry. Both
// ends are threads of this process, pinned to CPUs, so that a slice of a
// measurement can be as short as the noise of the machine wants it.
#ifndef FAIRLEAD_BENCH_NETWORK_TCP_PAIR_H_
#define FAIRLEAD_BENCH_NETWORK_TCP_PAIR_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "lab/clock.h"

namespace fairlead::bench {

class TcpPair {
 public:
  // The server listens on `server`; the client connects to `front`, which leads there.
  static absl::StatusOr<TcpPair> Open(const std::string& client_namespace,
                                      const std::string& server_namespace, const Endpoint& server,
                                      const Endpoint& front);

  // Gbit/s from client to server. With one CPU this is what the path costs, and
  // says the same every time. With two the ends work side by side, and so do
  // data and acknowledgements, which makes the kernel send from both CPUs and
  // packets overtake each other: closer to life, and less certain. The first
  // quarter of `duration` is not counted.
  enum class Cpus { kOne, kTwo };
  absl::StatusOr<double> Throughput(lab::Duration duration, Cpus cpus);

  // Median microseconds of one byte there and one back. Both ends share a CPU:
  // what is measured is the path, not how fast another CPU wakes up.
  absl::StatusOr<double> RoundTrip(lab::Duration duration);

 private:
  TcpPair(UniqueFd client, UniqueFd server)
      : client_(std::move(client)), server_(std::move(server)) {}

  UniqueFd client_;
  UniqueFd server_;
};

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_NETWORK_TCP_PAIR_H_
