// SPDX-License-Identifier: Apache-2.0
//
// HostKeeper: how this node stands in its host, followed and kept: uplinks that
// come and go, settings of the stack, programs on devices. Others administer
// the host as well; what they undo is put right and reported, not fought for.
#ifndef FAIRLEAD_LOADER_DAEMON_HOST_KEEPER_H_
#define FAIRLEAD_LOADER_DAEMON_HOST_KEEPER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/daemon/dataplane.h"
#include "loader/daemon/fight_limit.h"
#include "loader/daemon/host_file.h"
#include "loader/daemon/problem_log.h"
#include "loader/daemon/sysctl_keeper.h"
#include "loader/daemon/uplinks.h"
#include "loader/netlink/monitor.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/netlink/sysctl_journal.h"
#include "loader/pods/local_pod.h"
#include "loader/pods/pod_attacher.h"

namespace fairlead {

class HostKeeper {
 public:
  // An uplink that has lost its reason stays for this long: a lease that is renewed, a route
  // that moves and comes back, must not send its flows' packets to the host's stack.
  static constexpr std::chrono::seconds kUplinkGrace{60};

  // Both outlive this object.
  static absl::StatusOr<std::unique_ptr<HostKeeper>> Create(const std::string& state_dir,
                                                            NetlinkSocket& netlink,
                                                            Dataplane& dataplane);

  // Looks at the host's network afresh; on failure network() stays. Adds itself what is recent.
  absl::Status Look(HostQuestion question);
  const HostNetwork& network() const { return network_; }

  // Settings of the stack, and the programs on uplinks.
  void KeepHost(ProblemLog& problems);
  void KeepPod(const LocalPod& pod, ProblemLog& problems);
  // What the monitor has named; the rest of what it says is the caller's.
  void KeepWhatChanged(const NetworkChanges& changes, const PodAttacher& pods,
                       ProblemLog& problems);
  // What nobody tells us. To be called every second; a round takes kRoundSeconds. True if it is
  // time to Look().
  bool KeepSlowly(const PodAttacher& pods, ProblemLog& problems);

  // For `fairlead status`.
  absl::Status WriteFile(const Problems& problems);

 private:
  HostKeeper(const std::string& state_dir, SysctlJournal journal, NetlinkSocket& netlink,
             Dataplane& dataplane)
      : journal_(std::move(journal)),
        file_(state_dir + "/host.json"),
        netlink_(netlink),
        dataplane_(dataplane) {}
  void KeepHooks(uint32_t ifindex, const std::string& device, ProblemLog& problems);
  void FollowNames(const HostNetwork& next);

  SysctlJournal journal_;
  SysctlKeeper sysctls_{journal_};
  HostFile file_;
  NetlinkSocket& netlink_;
  Dataplane& dataplane_;
  HostNetwork network_;
  std::map<uint32_t, FightLimit::Time> wanted_;  // uplinks: when each last had a reason
  std::map<uint32_t, FightLimit> fights_;        // for hooks, by device that had one
  uint64_t seconds_ = 0;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_HOST_KEEPER_H_
