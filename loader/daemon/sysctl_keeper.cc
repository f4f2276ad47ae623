// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/sysctl_keeper.h"

#include <fmt/format.h>

#include "base/log.h"
#include "loader/netlink/sysctls.h"

namespace fairlead {

bool SysctlKeeper::NoteFlip(State& state, const WantedSysctl& wanted, const std::string& found,
                            Time now) {
  state.was_right = false;
  if (state.flips.NoteLoss(now)) {
    LogWarn("{}: somebody has changed it to {}: put back to {}", wanted.name, found, wanted.value);
    return true;
  }
  LogError(
      "{}: somebody changes it to {} again and again ({} times by now): left so for {} minutes. "
      "Pods need {}: find who writes it",
      wanted.name, found, state.flips.losses(), FightLimit::kTruce.count(), wanted.value);
  return false;
}

void SysctlKeeper::Keep(const std::vector<WantedSysctl>& wanted, Time now, ProblemLog& problems) {
  for (const WantedSysctl& each : wanted) {
    const absl::StatusOr<std::string> found = ReadSysctl(each.name);
    if (absl::IsNotFound(found.status())) continue;
    if (!found.ok()) {
      problems.Note(found.status(), "check a sysctl");
      continue;
    }
    State& state = states_[each.name];
    state.value = each.value;
    state.journaled = each.journaled;
    if (*found == each.value) {
      state.was_right = true;
      continue;
    }
    if (state.was_right && !NoteFlip(state, each, *found, now)) continue;
    if (state.flips.InTruce(now)) continue;
    const absl::Status status =
        each.journaled ? journal_.Set(each.name, each.value) : WriteSysctl(each.name, each.value);
    state.was_right = status.ok();
    if (!absl::IsNotFound(status)) problems.Note(status, "set a sysctl that pods need");
  }
}

std::map<std::string, SysctlKeeper::Kept> SysctlKeeper::kept() const {
  std::map<std::string, Kept> kept;
  for (const auto& [name, state] : states_) {
    const uint64_t flips = state.flips.losses();
    if (state.journaled || flips != 0) kept[name] = {state.value, flips};
  }
  return kept;
}

}  // namespace fairlead
