// SPDX-License-Identifier: Apache-2.0
//
// Controller's share in the sockets of the node's processes: those that are
// connected follow their Services.
#include <string>

#include "base/log.h"
#include "loader/daemon/controller.h"
#include "loader/daemon/socket_keeper.h"
#include "loader/plan/socket_plan.h"

namespace fairlead {

void Controller::FollowSockets() {
  if (socket_looks_ == 0) return;
  --socket_looks_;
  const absl::Status status =
      KeepConnectedSockets([this](const UdpSocket& socket) -> std::optional<Endpoint> {
        const absl::StatusOr<std::optional<Endpoint>> named =
            dataplane_->NamedPeer(socket.cookie, socket.peer);
        if (!named.ok()) return std::nullopt;
        return plan::ConnectAnew({socket.peer, *named}, planner_.plan(), context_.node_addresses);
      });
  if (!status.ok()) {
    LogError("a UDP socket of this node stays with a backend that is gone: {}",
             std::string(status.message()));
  }
}

}  // namespace fairlead
