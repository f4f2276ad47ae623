// SPDX-License-Identifier: Apache-2.0
//
// The Clock of the daemon: all alarms in one ordered set, one timerfd for the
// earliest of them, watched by the event loop.
#ifndef FAIRLEAD_LOADER_API_TIMER_CLOCK_H_
#define FAIRLEAD_LOADER_API_TIMER_CLOCK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "loader/api/clock.h"

namespace fairlead::api {

// Must outlive its alarms.
class TimerClock final : public Clock {
 public:
  static absl::StatusOr<std::unique_ptr<TimerClock>> Create();

  // Readable when an alarm is due.
  int fd() const { return timer_.get(); }
  // Rings what is due. Alarms that are set meanwhile wait for the next call, so that one which sets
  // itself again and again keeps nobody else waiting. Never blocks.
  void ReadReady();

  Time Now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] std::unique_ptr<Alarm> After(std::chrono::nanoseconds delay,
                                             std::function<void()> ring) override;

 private:
  class WaitingAlarm;
  using Key = std::pair<Time, uint64_t>;  // equal times ring in the order in which they were set

  TimerClock() = default;
  void Arm();

  UniqueFd timer_;
  std::map<Key, std::function<void()>> waiting_;
  uint64_t last_number_ = 0;
  Time armed_for_ = Time::max();  // max: not at all
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_TIMER_CLOCK_H_
