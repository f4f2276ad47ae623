// SPDX-License-Identifier: Apache-2.0
//
// Who has which slot and which addresses on this node, in memory and on disk.
// Every change is on disk when its function returns; the kernel is not looked
// at here (PodAttacher does).
#ifndef FAIRLEAD_LOADER_PODS_POD_REGISTRY_H_
#define FAIRLEAD_LOADER_PODS_POD_REGISTRY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/pods/cni_protocol.h"
#include "loader/pods/ipam.h"
#include "loader/pods/local_pod.h"
#include "loader/pods/number_pool.h"
#include "loader/pods/pod_store.h"

namespace fairlead {

class PodRegistry {
 public:
  static absl::StatusOr<PodRegistry> Open(const std::string& state_dir);

  // The node's pod blocks; again when they change. Pods of other blocks keep
  // their addresses, whose blocks are not given out from any more.
  absl::Status SetBlocks(const std::vector<Cidr>& blocks, uint32_t mtu);
  uint32_t mtu() const { return mtu_; }  // of new pods; 0: not known yet
  bool has_blocks() const { return !ipam_.empty(); }
  bool IsInBlocks(const IpAddress& address) const;
  // Pods with an address that the present blocks do not have; none without blocks.
  std::vector<LocalPod> Strays() const;

  // Slots and addresses that are somebody's of whom we know no more.
  void ReserveSlot(uint32_t slot) { slots_.Reserve(slot); }
  void ReserveAddresses(std::vector<IpAddress> addresses);

  // FailedPrecondition while there is no block, ResourceExhausted when slots or
  // addresses are used up.
  absl::Status CheckReady() const;
  // A slot, addresses and a MAC for an attachment that is not there yet; codes
  // as above and of Ipam::Take().
  absl::StatusOr<LocalPod> Take(const PodRequest& request);
  // Gives them back. They are free afterwards even on failure, when the disk
  // says too much; the next change or Restore() takes that back.
  absl::Status Release(const LocalPod& pod);
  // Frees slot and addresses in memory alone, until the next Save().
  void Forget(const LocalPod& pod);
  // The same pods in another state, durably; one that is gone meanwhile stays away.
  absl::Status Replace(const std::vector<LocalPod>& pods);
  // Everything, durably; once before the first of the above.
  absl::Status Save();

  const LocalPod* Find(const AttachmentId& id) const;  // nullptr: not there
  const LocalPod* FindDevice(uint32_t ifindex) const;  // the same, by the host end
  std::vector<LocalPod> pods() const;                  // a copy, by slot
  const std::map<AttachmentId, LocalPod>& attachments() const { return pods_; }
  uint64_t changes() const { return changes_; }  // since the start

 private:
  explicit PodRegistry(PodStore store);
  absl::StatusOr<LocalPod> Allocate(const PodRequest& request);

  PodStore store_;
  std::map<AttachmentId, LocalPod> pods_;
  NumberPool slots_;
  uint64_t last_serial_ = 0;
  Ipam ipam_;  // empty until SetBlocks
  uint32_t mtu_ = 0;
  uint64_t changes_ = 0;
  std::vector<IpAddress> freed_addresses_;     // of the state file, until SetBlocks
  std::vector<IpAddress> reserved_addresses_;  // of whom we know no more
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_POD_REGISTRY_H_
