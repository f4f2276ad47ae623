// SPDX-License-Identifier: Apache-2.0
//
// Attaches pods to this node and detaches them, all or nothing:
//
//   Add     PodRegistry (addresses, slot, disk) → veth, routes → dataplane → alias
//   Remove  dataplane → veth → PodRegistry
//
// Disk comes first on the way in and last on the way out: after kill -9 at any
// moment, what exists in the kernel is known on disk, and Restore() finds what
// was cut short. One thread: the daemon's.
//
// A pod whose interface goes without a DEL (its namespace ended, its runtime
// was killed) keeps its address for a while, in which the DEL may still come.
#ifndef FAIRLEAD_LOADER_PODS_POD_ATTACHER_H_
#define FAIRLEAD_LOADER_PODS_POD_ATTACHER_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/pods/cni_protocol.h"
#include "loader/pods/local_pod.h"
#include "loader/pods/pod_registry.h"

namespace fairlead {

struct RestoreReport {
  std::vector<LocalPod> kept;      // attached, as before
  std::vector<LocalPod> released;  // their interface is gone, or their ADD was cut short
  // Interfaces that look like ours but that the state file does not know. They
  // are left alone (a pod may live behind them), as are their slots and
  // addresses until they are gone.
  std::vector<std::string> unknown_devices;
};

class PodAttacher {
 public:
  using Clock = std::chrono::steady_clock;

  // Reads STATE_DIR/pods.json; works in the calling thread's namespace.
  // `dataplane` must outlive the attacher.
  static absl::StatusOr<std::unique_ptr<PodAttacher>> Create(const std::string& state_dir,
                                                             PodDataplane& dataplane);

  // Compares the state file with the interfaces. Once, at start, before Add.
  // The dataplane is not called: the daemon compares its tables with pods().
  // A disk that cannot be written to keeps nobody from starting: KeepSaved().
  absl::StatusOr<RestoreReport> Restore();
  // Saves what Restore() could not, unless it is saved. Until then the disk knows
  // of pods that are gone, which does no harm, and an Add fails if it still cannot.
  absl::Status KeepSaved();

  // The node's pod blocks and the MTU of its pods; again when they change.
  // Attached pods keep their addresses, and follow the MTU with FollowMtu(). No
  // blocks: the node takes no pods.
  absl::Status SetNode(const std::vector<Cidr>& pod_cidrs, uint32_t mtu);

  // Makes attached pods as wide as SetNode has said; the tables first, so that a
  // pod that may send less is told before its packets are lost. Returns the
  // names of pods whose own end is out of sight: they learn by ICMP.
  absl::StatusOr<std::vector<std::string>> FollowMtu();

  // Whether the next Add can succeed. FailedPrecondition while the node has no
  // pod block, ResourceExhausted when slots or addresses are used up.
  absl::Status CheckReady() const;
  // Whether attached pods have the network they should (PodDataplane::CheckNode).
  absl::Status CheckNode() const;
  // Whether an attachment is as Add has left it. NotFound: there is none;
  // InvalidArgument (netns_fd); FailedPrecondition: what is wrong, and the remedy.
  absl::Status Check(const AttachmentId& id, const ExpectedPod& expected, int netns_fd);

  // `netns_fd` stays the caller's. Codes: FailedPrecondition (CheckReady),
  // AlreadyExists (this attachment is there, and stays as it is),
  // InvalidArgument (netns_fd), ResourceExhausted (slots or addresses),
  // OutOfRange (an address is asked for that this node's blocks do not have),
  // Aborted (it is in use), Internal (a step failed, and all have been undone).
  absl::StatusOr<LocalPod> Add(const PodRequest& request, int netns_fd);

  // An attachment that is not there is OK. On failure it stays recorded, so
  // that its address is not given out, and the caller tries again.
  absl::Status Remove(const std::string& container_id, const std::string& interface_name);

  // Detaches all pods and deletes unknown devices too: `fairleadd cleanup`.
  // Tries everything; returns the first error.
  absl::Status RemoveAll();

  // The interface of this index is no more. If it was a pod's, that pod is
  // released by ReleaseVanished() when kGrace has passed.
  void NoteGone(uint32_t ifindex, Clock::time_point now);
  // For when notes were lost: looks at every pod's interface.
  absl::Status LookForGone(Clock::time_point now);
  // Detaches pods whose time is over; what fails is tried again after kGrace.
  // Returns what it detached.
  std::vector<LocalPod> ReleaseVanished(Clock::time_point now);
  static constexpr auto kGrace = std::chrono::seconds(60);

  std::vector<LocalPod> pods() const { return registry_.pods(); }  // a copy, by slot
  // As they are kept, until the next change.
  const std::map<AttachmentId, LocalPod>& attachments() const { return registry_.attachments(); }
  // The pod whose host end has this index; nullptr: none.
  const LocalPod* FindDevice(uint32_t ifindex) const { return registry_.FindDevice(ifindex); }
  bool IsInBlocks(const IpAddress& address) const { return registry_.IsInBlocks(address); }
  // Pods that have an address outside of the node's present blocks.
  std::vector<LocalPod> Strays() const { return registry_.Strays(); }
  // Counts changes of pods(), so that nobody need compare.
  uint64_t changes() const { return registry_.changes(); }

 private:
  PodAttacher(PodRegistry registry, NetlinkSocket netlink, PodDataplane& dataplane);
  absl::Status Attach(const LocalPod& pod, int netns_fd);  // leaves nothing on failure
  absl::Status ReserveUnknownDevices(RestoreReport* report);

  PodRegistry registry_;
  NetlinkSocket netlink_;
  PodDataplane& dataplane_;
  std::map<AttachmentId, Clock::time_point> vanished_;  // when each is to be released
  bool is_saved_ = true;                                // as Restore() has found it
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_POD_ATTACHER_H_
