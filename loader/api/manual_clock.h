// SPDX-License-Identifier: Apache-2.0
//
// For tests: time that passes when the test says so.
#ifndef FAIRLEAD_LOADER_API_MANUAL_CLOCK_H_
#define FAIRLEAD_LOADER_API_MANUAL_CLOCK_H_

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "loader/api/clock.h"

namespace fairlead::api {

class ManualClock : public Clock {
 public:
  Time Now() const override { return now_; }

  std::unique_ptr<Alarm> After(std::chrono::nanoseconds delay,
                               std::function<void()> ring) override {
    const Key key{now_ + delay, next_++};
    pending_[key] = std::move(ring);
    return std::make_unique<Pending>(*this, key);
  }

  // Rings what is due on the way, in order.
  void Advance(std::chrono::nanoseconds time) {
    const Time end = now_ + time;
    while (!pending_.empty() && pending_.begin()->first.first <= end) {
      now_ = std::max(now_, pending_.begin()->first.first);
      const std::function<void()> ring = std::move(pending_.begin()->second);
      pending_.erase(pending_.begin());
      ring();
    }
    now_ = end;
  }

  // Goes to the next alarm and rings it. How long that took.
  std::chrono::nanoseconds AdvanceToAlarm() {
    const std::chrono::nanoseconds time =
        pending_.empty() ? std::chrono::nanoseconds(0) : pending_.begin()->first.first - now_;
    Advance(time);
    return time;
  }

  size_t alarms() const { return pending_.size(); }

 private:
  using Key = std::pair<Time, int>;

  class Pending : public Alarm {
   public:
    Pending(ManualClock& clock, Key key) : clock_(clock), key_(key) {}
    ~Pending() override { clock_.pending_.erase(key_); }

   private:
    ManualClock& clock_;
    const Key key_;
  };

  Time now_ = Time(std::chrono::hours(1));
  int next_ = 0;
  std::map<Key, std::function<void()>> pending_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_MANUAL_CLOCK_H_
