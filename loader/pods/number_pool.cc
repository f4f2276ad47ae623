// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/number_pool.h"

#include <algorithm>

namespace fairlead {

std::optional<uint64_t> NumberPool::Take() {
  while (Contains(next_) && known_.contains(next_)) ++next_;
  if (Contains(next_)) {
    const uint64_t number = next_++;
    used_.insert(number);
    known_.insert(number);
    return number;
  }
  if (freed_.empty()) return std::nullopt;
  const uint64_t number = freed_.front();
  freed_.pop_front();
  used_.insert(number);
  return number;
}

bool NumberPool::Reserve(uint64_t number) {
  if (!Contains(number) || !used_.insert(number).second) return false;
  if (!known_.insert(number).second) std::erase(freed_, number);
  return true;
}

void NumberPool::Release(uint64_t number) {
  if (used_.erase(number) != 0) freed_.push_back(number);
}

void NumberPool::RememberFreed(const std::vector<uint64_t>& oldest_first) {
  for (const uint64_t number : oldest_first) {
    if (Contains(number) && known_.insert(number).second) freed_.push_back(number);
  }
}

}  // namespace fairlead
