// SPDX-License-Identifier: Apache-2.0
//
// How long to wait before the next try: client-go's figures, so that thousands
// of nodes come back to a server no faster than kubelets do.
#ifndef FAIRLEAD_LOADER_API_BACKOFF_H_
#define FAIRLEAD_LOADER_API_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>

#include "loader/api/clock.h"

namespace fairlead::api {

class Backoff {
 public:
  static constexpr std::chrono::milliseconds kShortest{800};
  static constexpr std::chrono::milliseconds kLongest{30'000};
  // Without a failure; then the next one is the first again.
  static constexpr std::chrono::minutes kHealthy{2};

  explicit Backoff(uint64_t seed) : random_(seed) {}

  // Doubles from call to call. Up to as much again is added by chance.
  std::chrono::nanoseconds Next(Clock::Time now) {
    if (last_.has_value() && now - *last_ > kHealthy) delay_ = kShortest;
    const std::chrono::nanoseconds delay = WithJitter(delay_);
    delay_ = std::min(2 * delay_, kLongest);
    last_ = now + delay;
    return delay;
  }

  // Between `time` and twice as much.
  std::chrono::nanoseconds WithJitter(std::chrono::nanoseconds time) {
    return time + std::chrono::nanoseconds(
                      std::uniform_int_distribution<int64_t>(0, time.count())(random_));
  }

 private:
  std::mt19937_64 random_;
  std::chrono::milliseconds delay_ = kShortest;
  std::optional<Clock::Time> last_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_BACKOFF_H_
