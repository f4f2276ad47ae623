// SPDX-License-Identifier: Apache-2.0
//
// Numbers that are given out and come back: pod slots and host parts of pod
// addresses. A number comes back into use as late as possible, so that what
// others still remember of its last owner has the longest time to be forgotten.
#ifndef FAIRLEAD_LOADER_PODS_NUMBER_POOL_H_
#define FAIRLEAD_LOADER_PODS_NUMBER_POOL_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace fairlead {

class NumberPool {
 public:
  // Gives out [first, first + count).
  NumberPool(uint64_t first, uint64_t count) : first_(first), count_(count), next_(first) {}

  // Numbers never used come first, then the one that was freed longest ago.
  // nullopt: all are in use.
  std::optional<uint64_t> Take();
  // Takes this very number; false if it is in use or outside.
  bool Reserve(uint64_t number);
  // Numbers that are not in use are ignored.
  void Release(uint64_t number);

  bool Contains(uint64_t number) const { return number - first_ < count_; }
  uint64_t used() const { return used_.size(); }
  uint64_t count() const { return count_; }

  // The freed numbers that are still free, longest ago first; and how a new
  // pool learns them. Numbers outside, in use or known already are ignored.
  const std::deque<uint64_t>& freed() const { return freed_; }
  void RememberFreed(const std::vector<uint64_t>& oldest_first);

 private:
  uint64_t first_;
  uint64_t count_;
  uint64_t next_;  // everything below has been used at least once
  std::set<uint64_t> used_;
  std::deque<uint64_t> freed_;
  std::set<uint64_t> known_;  // used_ and freed_: not to be taken as never used
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_NUMBER_POOL_H_
