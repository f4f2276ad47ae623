// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/refusal_log.h"

#include "base/log.h"

namespace fairlead {
namespace {

constexpr auto kSilence = std::chrono::minutes(1);

}  // namespace

bool RefusalLog::Look(const MappedArray<uint32_t>& refused) {
  // What an earlier daemon has counted, it has said.
  const bool first = seen_.empty();
  seen_.resize(refused.size());
  bool more = false;
  for (uint32_t slot = 0; slot < refused.size(); ++slot) {
    const uint32_t count = refused[slot];
    if (count == seen_[slot]) continue;
    // A slot's new tenant begins at zero.
    const uint32_t added = count > seen_[slot] ? count - seen_[slot] : count;
    seen_[slot] = count;
    if (first || added == 0) continue;
    unsaid_[slot] += added;
    more = true;
  }
  return more;
}

void RefusalLog::Say(const std::vector<LocalPod>& pods, Clock::time_point now) {
  for (const LocalPod& pod : pods) {
    const auto found = unsaid_.find(pod.slot);
    if (found == unsaid_.end() || next_[pod.slot] > now) continue;
    LogWarn(
        "pod={}/{} device={} found no source port for {} packets to the world: all ports to that "
        "destination are in use; see --masquerade-ports",
        pod.name_space, pod.name, pod.host_device, found->second);
    next_[pod.slot] = now + kSilence;
    unsaid_.erase(found);
  }
  // Of pods that are gone.
  std::erase_if(unsaid_, [&](const auto& entry) { return !next_.contains(entry.first); });
  std::erase_if(next_, [now](const auto& entry) { return entry.second + kSilence < now; });
}

}  // namespace fairlead
