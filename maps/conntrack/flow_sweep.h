// SPDX-License-Identifier: Apache-2.0
//
// FlowSweep: gives the numbers of expired flows back. The programs refuse an
// expired flow by themselves; this only keeps the table from filling with what
// nobody uses any more. It reads mapped memory, a slice at a time, so that a
// million flows cost the daemon's loop no noticeable pause.
#ifndef FAIRLEAD_MAPS_CONNTRACK_FLOW_SWEEP_H_
#define FAIRLEAD_MAPS_CONNTRACK_FLOW_SWEEP_H_

#include <cstdint>

#include "absl/status/status.h"
#include "maps/tables.h"

namespace fairlead {

// How long a flow may stay quiet, in jiffies; 0 for a free object. `flow` is a
// copy: the programs write while we read.
template <typename Abi>
uint32_t FlowTimeout(const typename Abi::Flow& flow, const hook_config& config);

// Jiffies since the later side was heard.
template <typename Abi>
uint32_t FlowAge(const typename Abi::Flow& flow, uint32_t now);

// The tuple by which packets of a side arrive: its key in flow_index.
template <typename Abi>
typename Abi::Tuple ArrivalTuple(const typename Abi::Flow& flow, int side);

// One flow more, or less (`change` -1), for the backend of that generation; BACKEND_NONE: nobody's.
// As bpf/conntrack/backend_flows.h does.
template <typename Abi>
void CountFlow(FamilyTables<Abi>& tables, uint32_t backend, uint32_t generation, int change);

// Takes a flow out of the index and gives its number back, if it still has this generation. OK if
// somebody else did.
template <typename Abi>
absl::Status ReleaseFlow(FamilyTables<Abi>& tables, uint32_t number, uint32_t generation);

template <typename Abi>
class FlowSweep {
 public:
  // `tables` outlives the sweep; `config` tells the timeouts.
  FlowSweep(FamilyTables<Abi>& tables, const hook_config& config)
      : tables_(tables), config_(config) {}

  // Looks at the next `count` flows, `now` in jiffies; returns how many it released.
  absl::StatusOr<uint32_t> Step(uint32_t now, uint32_t count);

 private:
  FamilyTables<Abi>& tables_;
  hook_config config_;
  uint32_t next_ = 0;
};

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_CONNTRACK_FLOW_SWEEP_H_
