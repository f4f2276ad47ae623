// SPDX-License-Identifier: Apache-2.0
#include "maps/counter/verdict_counters.h"

#include <algorithm>
#include <iterator>

#include "base/status_macros.h"

namespace fairlead {
namespace {

struct VerdictText {
  std::string_view name;
  std::string_view sentence;
};

#define TEXT(name, sentence) {#name, sentence},
constexpr VerdictText kVerdicts[] = {FL_FORWARD_VERDICTS(TEXT) FL_DROP_VERDICTS(TEXT)};
static_assert(std::size(kVerdicts) == FL_VERDICT_COUNT, "a verdict has no text");

constexpr std::string_view kHooks[] = {"from_pod",  "to_pod",       "from_network", "to_network",
                                       "from_room", "from_overlay", "to_overlay",   "from_guest",
                                       "to_guest",  "from_wire",    "on_connect"};
static_assert(std::size(kHooks) == FL_COUNTING_HOOKS, "a hook has no name");

}  // namespace

std::string_view HookName(uint32_t hook) { return hook < FL_COUNTING_HOOKS ? kHooks[hook] : "?"; }

std::string_view VerdictName(uint32_t reason) {
  return reason < FL_VERDICT_COUNT ? kVerdicts[reason].name : "?";
}

std::string_view VerdictSentence(uint32_t reason) {
  return reason < FL_VERDICT_COUNT ? kVerdicts[reason].sentence : "?";
}

bool IsDrop(uint32_t reason) { return reason >= FL_FIRST_DROP; }

absl::StatusOr<VerdictCount> ReadVerdictCount(const Tables& tables, uint32_t hook, Family family,
                                              uint32_t reason) {
  VerdictCount sum{hook, family, reason, 0, 0};
  const uint32_t index = FL_COUNTER_INDEX(hook, static_cast<uint32_t>(family), reason);
  FL_ASSIGN_OR_RETURN(const std::vector<counter> cpus, tables.counters.Read(index));
  for (const counter& cpu : cpus) {
    sum.packets += cpu.packets;
    sum.bytes += cpu.bytes;
  }
  return sum;
}

absl::StatusOr<std::vector<VerdictCount>> ReadAllVerdictCounts(const Tables& tables) {
  std::vector<VerdictCount> counts;
  for (uint32_t hook = 0; hook < FL_COUNTING_HOOKS; ++hook) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      for (uint32_t reason = 0; reason < FL_VERDICT_COUNT; ++reason) {
        FL_ASSIGN_OR_RETURN(counts.emplace_back(), ReadVerdictCount(tables, hook, family, reason));
      }
    }
  }
  return counts;
}

absl::StatusOr<std::vector<VerdictCount>> ReadVerdictCounts(const Tables& tables) {
  FL_ASSIGN_OR_RETURN(std::vector<VerdictCount> counts, ReadAllVerdictCounts(tables));
  std::erase_if(counts, [](const VerdictCount& count) { return count.packets == 0; });
  std::stable_sort(counts.begin(), counts.end(), [](const VerdictCount& a, const VerdictCount& b) {
    return a.packets > b.packets;
  });
  return counts;
}

}  // namespace fairlead
