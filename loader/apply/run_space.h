// SPDX-License-Identifier: Apache-2.0
//
// RunSpace: contiguous stretches of the array `runs`. What is freed is not
// given out again before the next Settle(): a packet that has just read the old
// service entry still finds its old run.
#ifndef FAIRLEAD_LOADER_APPLY_RUN_SPACE_H_
#define FAIRLEAD_LOADER_APPLY_RUN_SPACE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace fairlead::apply {

class RunSpace {
 public:
  RunSpace() = default;
  explicit RunSpace(uint32_t size) { free_[0] = size; }

  // Marks a stretch as taken; false if it is not free (two services claim it).
  bool Claim(uint32_t first, uint32_t count);
  // The first index of a free stretch of `count`; nullopt if there is none.
  std::optional<uint32_t> Take(uint32_t count);
  void GiveBack(uint32_t first, uint32_t count);
  // Makes free what has been given back until now.
  void Settle();

 private:
  void Free(uint32_t first, uint32_t count);

  std::map<uint32_t, uint32_t> free_;  // first → count, merged
  std::vector<std::pair<uint32_t, uint32_t>> resting_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_RUN_SPACE_H_
