// SPDX-License-Identifier: Apache-2.0
//
// The counters in words: every verdict has a name and a sentence, both from the
// one list in maps/abi/verdict_abi.h.
#ifndef FAIRLEAD_MAPS_COUNTER_VERDICT_COUNTERS_H_
#define FAIRLEAD_MAPS_COUNTER_VERDICT_COUNTERS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "maps/tables.h"

namespace fairlead {

// The name of a hook: "from_pod"; "?" for a number that is none.
std::string_view HookName(uint32_t hook);

// "NO_BACKEND" and "service has no endpoints"; "?" for a number that is none.
std::string_view VerdictName(uint32_t reason);
std::string_view VerdictSentence(uint32_t reason);
bool IsDrop(uint32_t reason);

struct VerdictCount {
  uint32_t hook;
  Family family;
  uint32_t reason;
  uint64_t packets;  // all CPUs
  uint64_t bytes;
};

// Of one hook, family and verdict, all CPUs.
absl::StatusOr<VerdictCount> ReadVerdictCount(const Tables& tables, uint32_t hook, Family family,
                                              uint32_t reason);

// Every verdict of every hook and family, also those that never were, in that order.
absl::StatusOr<std::vector<VerdictCount>> ReadAllVerdictCounts(const Tables& tables);

// What has happened at all, most packets first.
absl::StatusOr<std::vector<VerdictCount>> ReadVerdictCounts(const Tables& tables);

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_COUNTER_VERDICT_COUNTERS_H_
