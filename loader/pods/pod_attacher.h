// SPDX-License-Identifier: Apache-2.0
//
// Attaches pods to this node and detaches them, all or nothing:
//
//   Add     addresses and slot → disk → veth, routes → dataplane → alias
//   Remove  dataplane → veth → addresses and slot → disk
//
// Disk comes first on the way in and last on the way out: after kill -9 at any
// moment, what exists in the kernel is known on disk, and Restore() finds what
// was cut short. One thread: the daemon's.
#ifndef FAIRLEAD_LOADER_PODS_POD_ATTACHER_H_
#define FAIRLEAD_LOADER_PODS_POD_ATTACHER_H_

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
#include "loader/pods/ipam.h"
#include "loader/pods/local_pod.h"
#include "loader/pods/number_pool.h"
#include "loader/pods/pod_store.h"

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
  // Reads STATE_DIR/pods.json; works in the calling thread's namespace.
  // `dataplane` must outlive the attacher.
  static absl::StatusOr<std::unique_ptr<PodAttacher>> Create(const std::string& state_dir,
                                                             PodDataplane& dataplane);

  // Compares the state file with the interfaces. Once, at start, before Add.
  // The dataplane is not called: the daemon compares its tables with pods().
  absl::StatusOr<RestoreReport> Restore();

  // The node's pod blocks and the MTU of its pods; again when they change.
  // Attached pods keep what they have. No blocks: the node takes no pods.
  absl::Status SetNode(const std::vector<Cidr>& pod_cidrs, uint32_t mtu);

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

  std::vector<LocalPod> pods() const;  // by slot

 private:
  using Key = AttachmentId;

  PodAttacher(PodStore store, NetlinkSocket netlink, PodDataplane& dataplane);
  absl::StatusOr<LocalPod> Allocate(const PodRequest& request);
  absl::Status Attach(const LocalPod& pod, int netns_fd);  // leaves nothing on failure
  void Forget(const LocalPod& pod);                        // frees slot and addresses
  absl::Status ReserveUnknownDevices(RestoreReport* report);
  absl::Status Save();

  PodStore store_;
  NetlinkSocket netlink_;
  PodDataplane& dataplane_;
  std::map<Key, LocalPod> pods_;
  NumberPool slots_;
  Ipam ipam_;  // empty until SetNode
  uint32_t mtu_ = 0;
  std::vector<IpAddress> freed_addresses_;     // of the state file, until SetNode
  std::vector<IpAddress> reserved_addresses_;  // of unknown devices
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_POD_ATTACHER_H_
