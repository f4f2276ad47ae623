// SPDX-License-Identifier: Apache-2.0
//
// RetryDelay: when to try again what is dear and has failed: after a second,
// then after twice as long each time, up to about a minute.
#ifndef FAIRLEAD_LOADER_DAEMON_RETRY_DELAY_H_
#define FAIRLEAD_LOADER_DAEMON_RETRY_DELAY_H_

#include <algorithm>
#include <chrono>

namespace fairlead {

class RetryDelay {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kShortest{1};
  static constexpr std::chrono::seconds kLongest{64};

  bool IsDue(Time now) const { return now >= due_; }
  void NoteFailure(Time now) {
    due_ = now + delay_;
    delay_ = std::min(2 * delay_, kLongest);
  }

 private:
  Time due_{};
  std::chrono::seconds delay_ = kShortest;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_RETRY_DELAY_H_
