// SPDX-License-Identifier: Apache-2.0
//
// SysctlKeeper: the settings of the host's stack that pods depend on, kept.
//
//   wanted ──▶ right already?  ──▶ nothing
//              never was right ──▶ set; the original is journaled
//              was right       ──▶ a flip: somebody changed it. Logged, counted,
//                                  put right; after too many of them the other
//                                  one wins for a while, and that is said loudly
//
// Pods' devices are kept like the host's; what they were before is not
// journaled, they go with the pod.
#ifndef FAIRLEAD_LOADER_DAEMON_SYSCTL_KEEPER_H_
#define FAIRLEAD_LOADER_DAEMON_SYSCTL_KEEPER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "loader/daemon/fight_limit.h"
#include "loader/daemon/problem_log.h"
#include "loader/netlink/sysctl_journal.h"

namespace fairlead {

struct WantedSysctl {
  std::string name;   // as a path: "net/ipv4/ip_forward"
  std::string value;  // as it reads back
  bool journaled = true;

  friend bool operator==(const WantedSysctl&, const WantedSysctl&) = default;
};

class SysctlKeeper {
 public:
  using Time = FightLimit::Time;

  // What is known of a setting, for `fairlead status`.
  struct Kept {
    std::string value;
    uint64_t flips = 0;  // since the daemon's start
  };

  // `journal` outlives this object.
  explicit SysctlKeeper(SysctlJournal& journal) : journal_(journal) {}

  // Checks these settings and puts right what is wrong. A setting that the
  // kernel does not have (no IPv6, a device that has just gone) is no problem.
  void Keep(const std::vector<WantedSysctl>& wanted, Time now, ProblemLog& problems);
  // Journaled settings, and any that was flipped.
  std::map<std::string, Kept> kept() const;

 private:
  struct State {
    std::string value;
    bool journaled = true;
    bool was_right = false;
    FightLimit flips = {};
  };
  // False: to be left alone for now.
  static bool NoteFlip(State& state, const WantedSysctl& wanted, const std::string& found,
                       Time now);

  SysctlJournal& journal_;
  std::map<std::string, State> states_;  // bounded: devices of pods are named by slot
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_SYSCTL_KEEPER_H_
