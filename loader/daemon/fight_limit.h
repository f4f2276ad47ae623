// SPDX-License-Identifier: Apache-2.0
//
// FightLimit: somebody undoes what the daemon does. A few times that is put
// right at once; who does it again and again wins for a while, because two
// programs that take turns at one setting help nobody.
#ifndef FAIRLEAD_LOADER_DAEMON_FIGHT_LIMIT_H_
#define FAIRLEAD_LOADER_DAEMON_FIGHT_LIMIT_H_

#include <chrono>
#include <cstdint>

namespace fairlead {

class FightLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // More losses than this within the window, and a truce begins.
  static constexpr int kLossesPerWindow = 5;
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::chrono::minutes kTruce{10};

  // Our work has been undone. False: a truce begins.
  bool NoteLoss(Time now) {
    ++losses_;
    if (in_window_ == 0 || now - window_start_ > kWindow) {
      in_window_ = 0;
      window_start_ = now;
    }
    if (++in_window_ <= kLossesPerWindow) return true;
    in_window_ = 0;
    truce_until_ = now + kTruce;
    return false;
  }
  bool InTruce(Time now) const { return now < truce_until_; }
  uint64_t losses() const { return losses_; }

 private:
  uint64_t losses_ = 0;
  int in_window_ = 0;
  Time window_start_{};
  Time truce_until_{};
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_FIGHT_LIMIT_H_
