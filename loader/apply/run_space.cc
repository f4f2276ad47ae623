// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/run_space.h"

#include <iterator>

namespace fairlead::apply {

bool RunSpace::Claim(uint32_t first, uint32_t count) {
  if (count == 0) return true;
  auto stretch = free_.upper_bound(first);
  if (stretch == free_.begin()) return false;
  --stretch;
  const auto [start, size] = *stretch;
  if (uint64_t{start} + size < uint64_t{first} + count) return false;
  free_.erase(stretch);
  if (first > start) free_[start] = first - start;
  if (start + size > first + count) free_[first + count] = start + size - first - count;
  return true;
}

std::optional<uint32_t> RunSpace::Take(uint32_t count) {
  if (count == 0) return 0;
  for (const auto& [first, size] : free_) {
    if (size < count) continue;
    const uint32_t found = first;
    Claim(found, count);
    return found;
  }
  return std::nullopt;
}

void RunSpace::GiveBack(uint32_t first, uint32_t count) {
  if (count != 0) resting_.emplace_back(first, count);
}

void RunSpace::Settle() {
  for (const auto& [first, count] : resting_) Free(first, count);
  resting_.clear();
}

void RunSpace::Free(uint32_t first, uint32_t count) {
  auto next = free_.lower_bound(first);
  if (next != free_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == first) {
      first = previous->first;
      count += previous->second;
      free_.erase(previous);
    }
  }
  if (next != free_.end() && first + count == next->first) {
    count += next->second;
    free_.erase(next);
  }
  free_[first] = count;
}

}  // namespace fairlead::apply
