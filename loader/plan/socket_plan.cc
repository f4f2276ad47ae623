// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/socket_plan.h"

#include <algorithm>

namespace fairlead::plan {
namespace {

bool HasBackendFor(const FoundFrontend& found) {
  return std::ranges::any_of(found.service->backends, [&](const PlannedBackend& backend) {
    return backend.In(found.frontend->inside);
  });
}

}  // namespace

std::optional<Endpoint> ConnectAnew(const HostSocket& socket, const ServicePlan& plan,
                                    const std::vector<IpAddress>& node_addresses) {
  const Endpoint named = socket.named.value_or(socket.peer);
  // As on_connect finds it: the loopback is the node's, too.
  const bool of_this_node =
      named.address.IsLoopback() ||
      std::ranges::find(node_addresses, named.address) != node_addresses.end();
  const auto found = FindFrontend(plan, {named.address, named.port, Protocol::kUdp}, of_this_node);
  if (!found.has_value()) return socket.named;
  if (socket.named.has_value()) {
    return HasBackend(*found->service, socket.peer) ? std::nullopt : socket.named;
  }
  return HasBackendFor(*found) ? std::optional(named) : std::nullopt;
}

}  // namespace fairlead::plan
