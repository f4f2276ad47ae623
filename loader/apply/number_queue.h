// SPDX-License-Identifier: Apache-2.0
//
// NumberQueue: numbers 0 … n-1 to hand out, first freed first reused, so that a
// number rests as long as possible before it means something else.
#ifndef FAIRLEAD_LOADER_APPLY_NUMBER_QUEUE_H_
#define FAIRLEAD_LOADER_APPLY_NUMBER_QUEUE_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace fairlead::apply {

class NumberQueue {
 public:
  NumberQueue() = default;
  // `used[n]` true: n is taken already. Sizes itself by `used`.
  explicit NumberQueue(const std::vector<bool>& used) {
    for (uint32_t n = 0; n < used.size(); ++n) {
      if (!used[n]) free_.push_back(n);
    }
  }

  std::optional<uint32_t> Take() {
    if (free_.empty()) return std::nullopt;
    const uint32_t number = free_.front();
    free_.pop_front();
    return number;
  }
  void GiveBack(uint32_t number) { free_.push_back(number); }

 private:
  std::deque<uint32_t> free_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_NUMBER_QUEUE_H_
