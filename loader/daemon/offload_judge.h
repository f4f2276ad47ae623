// SPDX-License-Identifier: Apache-2.0
//
// OffloadJudge: does the hardware complete the checksums inside the tunnel right?
//
// Each round two datagrams go to a peer, side by side: one whose checksum is left
// to the device, one that is complete. The peer's kernel answers both if it
// believes them, and drops a wrong one silently. A peer that is away, or
// answers seldom, proves nothing: only rounds count in which it has answered
// the complete one, and of either order, because a peer may answer but the first.
#ifndef FAIRLEAD_LOADER_DAEMON_OFFLOAD_JUDGE_H_
#define FAIRLEAD_LOADER_DAEMON_OFFLOAD_JUDGE_H_

#include <array>

namespace fairlead {

class OffloadJudge {
 public:
  enum class Verdict { kOpen, kRight, kWrong };
  static constexpr int kLostRounds = 3;  // of either order, and none of the others

  void Round(bool offloaded_went_first, bool offloaded_answered, bool complete_answered) {
    is_right_ = is_right_ || offloaded_answered;
    if (complete_answered && !offloaded_answered) ++lost_[offloaded_went_first ? 1 : 0];
  }

  Verdict verdict() const {
    if (is_right_) return Verdict::kRight;
    return lost_[0] >= kLostRounds && lost_[1] >= kLostRounds ? Verdict::kWrong : Verdict::kOpen;
  }

 private:
  bool is_right_ = false;
  std::array<int, 2> lost_ = {};
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_OFFLOAD_JUDGE_H_
