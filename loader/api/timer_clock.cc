// SPDX-License-Identifier: Apache-2.0
#include "loader/api/timer_clock.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/errno_status.h"

namespace fairlead::api {
namespace {

// Far enough, and no sum with it overflows.
constexpr std::chrono::nanoseconds kLongestDelay = std::chrono::hours(24 * 365);

}  // namespace

class TimerClock::WaitingAlarm final : public Alarm {
 public:
  WaitingAlarm(TimerClock& clock, const Key& key) : clock_(clock), key_(key) {}
  ~WaitingAlarm() override { clock_.waiting_.erase(key_); }

 private:
  TimerClock& clock_;
  Key key_;
};

absl::StatusOr<std::unique_ptr<TimerClock>> TimerClock::Create() {
  auto clock = std::unique_ptr<TimerClock>(new TimerClock());
  clock->timer_ = UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!clock->timer_.ok()) return ErrnoStatus(errno, "create a timer");
  return clock;
}

std::unique_ptr<Alarm> TimerClock::After(std::chrono::nanoseconds delay,
                                         std::function<void()> ring) {
  delay = std::clamp(delay, std::chrono::nanoseconds(0), kLongestDelay);
  const Key key(Now() + delay, ++last_number_);
  waiting_.emplace(key, std::move(ring));
  Arm();
  return std::make_unique<WaitingAlarm>(*this, key);
}

void TimerClock::ReadReady() {
  uint64_t expirations = 0;
  if (read(timer_.get(), &expirations, sizeof(expirations)) > 0) armed_for_ = Time::max();
  const Time now = Now();
  const uint64_t newest = last_number_;
  // What was set for before now after we began waits, and so does nothing behind it: it is due too.
  for (auto due = waiting_.begin(); due != waiting_.end() && due->first.first <= now;) {
    if (due->first.second > newest) {
      ++due;
      continue;
    }
    const auto rung = waiting_.extract(due);
    rung.mapped()();
    due = waiting_.begin();  // it may have changed anything
  }
  Arm();
}

// Only ever set earlier: an alarm that is cancelled costs at most one look at nothing.
void TimerClock::Arm() {
  if (waiting_.empty() || waiting_.begin()->first.first >= armed_for_) return;
  armed_for_ = waiting_.begin()->first.first;
  const auto since = armed_for_.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  itimerspec at{};
  at.it_value.tv_sec = seconds.count();
  at.it_value.tv_nsec = (since - seconds).count();
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

}  // namespace fairlead::api
