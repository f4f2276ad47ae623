// SPDX-License-Identifier: Apache-2.0
//
// WireWorld: a node whose Services have their backends on another one, and an
// uplink with from_wire on it.
//
//   client ──▶ node:30080+i ──▶ [from_wire] ──▶ another node's pod:8000+i
//
// Made in the calling thread's network namespace, beside World's devices.
#ifndef FAIRLEAD_BENCH_WIRE_WORLD_H_
#define FAIRLEAD_BENCH_WIRE_WORLD_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "bench/frames.h"
#include "bench/fresh_packets.h"
#include "loader/kernel/map_set.h"
#include "loader/kernel/programs.h"
#include "maps/tables.h"

namespace fairlead::bench {

class WireWorld {
 public:
  static absl::StatusOr<WireWorld> Make();

  // Of the client to the NodePorts.
  Stream ToNodePort(Family family, Segment segment) const;

  // Nanoseconds per packet; FailedPrecondition unless every one went to the other node.
  absl::StatusOr<double> SendAll(Family family, const Stream& stream, Flows flows, uint32_t count);
  absl::StatusOr<double> SendNowhere(Family family, const Stream& stream, Flows flows,
                                     uint32_t count);
  // Makes flow objects of the first `flows` connections.
  absl::Status Establish(Family family, uint32_t flows);

 private:
  absl::Status LayWire();
  absl::Status Attach();
  template <typename Abi>
  absl::Status Populate();
  FreshPackets& packets(Family family);
  absl::StatusOr<uint64_t> Counted(Family family, uint32_t reason) const;

  uint32_t uplink_ = 0;
  std::optional<MapSet> maps_;
  std::optional<Tables> tables_;
  std::optional<Programs> programs_;
  UniqueFd link_;
  std::optional<FreshPackets> packets4_, packets6_;
};

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_WIRE_WORLD_H_
