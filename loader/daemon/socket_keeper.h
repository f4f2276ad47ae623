// SPDX-License-Identifier: Apache-2.0
//
// Connected UDP sockets of the node's processes follow their Services: one whose
// backend is gone is connected anew to the address that its process has named,
// and on_connect gives it another backend. The process notices nothing, its port
// and its address stay (docs/decisions/0022).
#ifndef FAIRLEAD_LOADER_DAEMON_SOCKET_KEEPER_H_
#define FAIRLEAD_LOADER_DAEMON_SOCKET_KEEPER_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/netlink/udp_sockets.h"

namespace fairlead {

// The address to connect a socket to anew; nullopt: leave it.
using AnewOf = std::function<std::optional<Endpoint>(const UdpSocket&)>;

// Looks at all connected UDP sockets of the calling thread's network namespace. Price: a dump of
// them; if any is to be moved, a look at the descriptors of every process in sight. An error names
// the first socket that could not be moved; all others were.
absl::Status KeepConnectedSockets(const AnewOf& anew_of);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_SOCKET_KEEPER_H_
