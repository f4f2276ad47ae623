// SPDX-License-Identifier: Apache-2.0
//
// Time and its alarms as this folder sees them, so that tests can have a time
// of their own. TimerClock is the real one: a timerfd in the event loop.
#ifndef FAIRLEAD_LOADER_API_CLOCK_H_
#define FAIRLEAD_LOADER_API_CLOCK_H_

#include <chrono>
#include <functional>
#include <memory>

namespace fairlead::api {

// Destroying it before it has rung cancels it; that may be done from any alarm.
class Alarm {
 public:
  virtual ~Alarm() = default;
};

class Clock {
 public:
  using Time = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;
  // CLOCK_MONOTONIC: steps of the wall clock do not show.
  virtual Time Now() const = 0;
  // Calls `ring` once, on the loop's thread, not before `delay` has passed. The alarm may destroy
  // itself while it rings.
  [[nodiscard]] virtual std::unique_ptr<Alarm> After(std::chrono::nanoseconds delay,
                                                     std::function<void()> ring) = 0;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_CLOCK_H_
