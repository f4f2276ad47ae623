// SPDX-License-Identifier: Apache-2.0
//
// ChecksumProbe: asks peers behind the tunnel whether checksums that the hardware
// completes arrive right, and switches the tunnel device's offload off if not:
// some network cards and hypervisors get inner checksums wrong, and every
// connection through the tunnel hangs while pings pass.
//
//   UDP to a peer's port 9, through the tunnel ──▶ closed: ICMP port unreachable
//
// IPv4 only: through a device without addresses the kernel sends nothing else
// where no route says so. One verdict holds for the device.
#ifndef FAIRLEAD_LOADER_DAEMON_CHECKSUM_PROBE_H_
#define FAIRLEAD_LOADER_DAEMON_CHECKSUM_PROBE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "loader/daemon/offload_judge.h"

namespace fairlead {

class ChecksumProbe {
 public:
  // Rounds, one in a second, after which it is left at "not verified".
  static constexpr int kMostRounds = 120;

  // The way to probe; no peers, or another device: begins anew.
  void Follow(uint32_t tunnel_ifindex, const IpAddress& own, std::vector<IpAddress> peers);
  // Every second: reads what the last round has brought and sends the next. An error is of the
  // device; peers that cannot be reached are none.
  absl::Status Tick();

 private:
  void Send(bool offloaded);
  absl::Status Conclude();

  uint32_t ifindex_ = 0;
  IpAddress own_;
  std::vector<IpAddress> peers_;  // IPv4
  OffloadJudge judge_;
  int rounds_ = 0;
  bool done_ = false;
  UniqueFd offloaded_, complete_;  // connected to the peer of this round
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_CHECKSUM_PROBE_H_
