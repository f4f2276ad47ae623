// SPDX-License-Identifier: Apache-2.0
//
// For tests: real time, but for jumps. Alarms know nothing of those.
#ifndef FAIRLEAD_LOADER_API_SHIFTED_CLOCK_H_
#define FAIRLEAD_LOADER_API_SHIFTED_CLOCK_H_

#include <functional>
#include <memory>

#include "loader/api/timer_clock.h"

namespace fairlead::api {

class ShiftedClock final : public Clock {
 public:
  Time Now() const override { return clock_->Now() + shift_; }
  std::unique_ptr<Alarm> After(std::chrono::nanoseconds delay,
                               std::function<void()> ring) override {
    return clock_->After(delay, std::move(ring));
  }
  void Jump(std::chrono::nanoseconds by) { shift_ += by; }
  int fd() const { return clock_->fd(); }
  void ReadReady() { clock_->ReadReady(); }

 private:
  std::unique_ptr<TimerClock> clock_ = *TimerClock::Create();
  std::chrono::nanoseconds shift_{0};
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_SHIFTED_CLOCK_H_
