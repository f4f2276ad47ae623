// SPDX-License-Identifier: Apache-2.0
//
// The reassembly room: a network namespace whose only business is to let the
// kernel put the fragments of a datagram in order (docs/decisions/0013).
//
//   node's namespace                      the room
//   fl_room [from_room] ── veth ── room, no address, forwards back
//                                          defragments before routing
//
// It is kept by nothing but two pinned netfilter links, so it outlives the daemon
// and goes with the pins.
#ifndef FAIRLEAD_LOADER_DAEMON_REASSEMBLY_ROOM_H_
#define FAIRLEAD_LOADER_DAEMON_REASSEMBLY_ROOM_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {

// Adopts the room of an earlier run, or makes one; the index of its near end.
// `pin_directory` is on a bpffs. Unimplemented: this kernel does not let BPF ask
// for reassembly (CONFIG_NETFILTER_BPF_LINK, Linux 6.6).
absl::StatusOr<uint32_t> OpenReassemblyRoom(NetlinkSocket& host, const std::string& pin_directory);

// Not there is fine.
absl::Status RemoveReassemblyRoom(NetlinkSocket& host, const std::string& pin_directory);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_REASSEMBLY_ROOM_H_
