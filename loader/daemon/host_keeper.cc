// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/host_keeper.h"

#include <fmt/format.h>

#include <ranges>
#include <set>

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/daemon/wanted_sysctls.h"

namespace fairlead {
namespace {

constexpr uint64_t kRoundSeconds = 30;

FightLimit::Time Now() { return std::chrono::steady_clock::now(); }

}  // namespace

absl::StatusOr<std::unique_ptr<HostKeeper>> HostKeeper::Create(const std::string& state_dir,
                                                               NetlinkSocket& netlink,
                                                               Dataplane& dataplane) {
  FL_ASSIGN_OR_RETURN(SysctlJournal journal, SysctlJournal::Open(state_dir + "/sysctls.json"));
  return std::unique_ptr<HostKeeper>(
      new HostKeeper(state_dir, std::move(journal), netlink, dataplane));
}

absl::Status HostKeeper::Look(HostQuestion question) {
  std::erase_if(wanted_, [](const auto& each) { return Now() - each.second > kUplinkGrace; });
  for (const auto& [ifindex, when] : wanted_) question.recent.insert(ifindex);
  FL_ASSIGN_OR_RETURN(HostNetwork next, LookAtHost(netlink_, question));
  for (const apply::Uplink& uplink : next.uplinks) {
    if (!next.deserted.contains(uplink.ifindex)) wanted_[uplink.ifindex] = Now();
  }
  if (next.uplink_names != network_.uplink_names) {
    LogInfo("uplinks={} mtu={}", fmt::join(next.uplink_names, ","), next.mtu);
  }
  FollowNames(next);
  network_ = std::move(next);
  return absl::OkStatus();
}

// The journal knows settings by the device's name.
void HostKeeper::FollowNames(const HostNetwork& next) {
  for (size_t i = 0; i < network_.uplinks.size(); ++i) {
    for (size_t k = 0; k < next.uplinks.size(); ++k) {
      const std::string& before = network_.uplink_names[i];
      const std::string& now = next.uplink_names[k];
      if (network_.uplinks[i].ifindex != next.uplinks[k].ifindex || before == now) continue;
      const absl::Status status = journal_.RenameDevice(before, now);
      if (!status.ok()) LogWarn("{} is {} now: {}", before, now, std::string(status.message()));
    }
  }
}

void HostKeeper::KeepHost(ProblemLog& problems) {
  sysctls_.Keep(WantedHostSysctls(network_.uplink_names), Now(), problems);
}

void HostKeeper::KeepPod(const LocalPod& pod, ProblemLog& problems) {
  sysctls_.Keep(WantedPodSysctls(pod), Now(), problems);
  KeepHooks(pod.ifindex, pod.host_device, problems);
}

void HostKeeper::KeepHooks(uint32_t ifindex, const std::string& device, ProblemLog& problems) {
  FightLimit& fight = fights_[ifindex];
  if (fight.InTruce(Now())) return;
  const absl::StatusOr<std::vector<std::string>> repaired = dataplane_.RepairHooks(ifindex);
  if (!repaired.ok()) {
    problems.Note(repaired.status(), "attach a program again");
  } else if (!repaired->empty()) {
    const std::string hooks = fmt::format("{}", fmt::join(*repaired, ", "));
    if (fight.NoteLoss(Now())) {
      LogWarn("device={}: somebody has removed {}: attached again", device, hooks);
    } else {
      LogError("device={}: somebody removes {} again and again: next look in {} minutes", device,
               hooks, FightLimit::kTruce.count());
    }
  }
  if (fight.losses() == 0) fights_.erase(ifindex);
}

void HostKeeper::KeepWhatChanged(const NetworkChanges& changes, const PodAttacher& pods,
                                 ProblemLog& problems) {
  const bool all = changes.lost_events;
  if (changes.sysctls) KeepHost(problems);
  for (size_t i = 0; i < network_.uplinks.size(); ++i) {
    const uint32_t ifindex = network_.uplinks[i].ifindex;
    if (all || changes.unfiltered_links.contains(ifindex)) {
      KeepHooks(ifindex, network_.uplink_names[i], problems);
    }
  }
  for (const auto& [ifindex, name] : network_.guests) {
    if (all || changes.unfiltered_links.contains(ifindex)) KeepHooks(ifindex, name, problems);
  }
  if (all) {
    for (const auto& [id, pod] : pods.attachments()) KeepPod(pod, problems);
    return;
  }
  std::set<uint32_t> links = changes.spoilt_links;
  links.insert(changes.unfiltered_links.begin(), changes.unfiltered_links.end());
  for (const uint32_t ifindex : links) {
    if (const LocalPod* pod = pods.FindDevice(ifindex); pod != nullptr) KeepPod(*pod, problems);
  }
}

bool HostKeeper::KeepSlowly(const PodAttacher& pods, ProblemLog& problems) {
  const uint64_t turn = ++seconds_ % kRoundSeconds;
  const size_t share = pods.attachments().size() / kRoundSeconds + 1;
  auto mine = pods.attachments() | std::views::drop(turn * share) | std::views::take(share);
  for (const auto& [id, pod] : mine) KeepPod(pod, problems);
  if (turn % 10 == 0) {
    for (size_t i = 0; i < network_.uplinks.size(); ++i) {
      KeepHooks(network_.uplinks[i].ifindex, network_.uplink_names[i], problems);
    }
    for (const auto& [ifindex, name] : network_.guests) KeepHooks(ifindex, name, problems);
  }
  return turn == 0;
}

absl::Status HostKeeper::WriteFile(const Problems& problems) {
  return file_.Write(sysctls_.kept(), problems);
}

}  // namespace fairlead
