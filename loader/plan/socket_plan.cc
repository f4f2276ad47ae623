// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/socket_plan.h"

#include <algorithm>

namespace fairlead::plan {
namespace {

struct Found {
  const PlannedService* service;
  const PlannedFrontend* frontend;
};

std::optional<Found> FindFrontend(const ServicePlan& plan, const Frontend& address) {
  const auto owner = plan.owners.find(address);
  if (owner == plan.owners.end()) return std::nullopt;
  const PlannedService& service = plan.services.at(owner->second);
  const auto frontend = std::ranges::find(service.frontends, address, &PlannedFrontend::address);
  if (frontend == service.frontends.end()) return std::nullopt;
  return Found{&service, &*frontend};
}

// As on_connect finds it.
std::optional<Found> FindNamed(const ServicePlan& plan, const Endpoint& named,
                               const std::vector<IpAddress>& node_addresses) {
  const auto exact = FindFrontend(plan, {named.address, named.port, Protocol::kUdp});
  if (exact.has_value()) return exact;
  if (!named.address.IsLoopback() &&
      std::ranges::find(node_addresses, named.address) == node_addresses.end()) {
    return std::nullopt;
  }
  const uint8_t every[16] = {};
  return FindFrontend(
      plan, {IpAddress::FromBytes(named.address.family(), every), named.port, Protocol::kUdp});
}

bool HasBackendFor(const Found& found) {
  return std::ranges::any_of(found.service->backends, [&](const PlannedBackend& backend) {
    return backend.In(found.frontend->inside);
  });
}

bool HasBackend(const Found& found, const Endpoint& endpoint) {
  return std::ranges::find(found.service->backends, endpoint, &PlannedBackend::endpoint) !=
         found.service->backends.end();
}

using Datagrams = std::vector<std::pair<const ServicePortName*, const PlannedService*>>;

Datagrams OnlyDatagrams(const ServicePlan& plan) {
  Datagrams found;
  for (const auto& [name, service] : plan.services) {
    if (name.protocol == Protocol::kUdp) found.emplace_back(&name, &service);
  }
  return found;
}

}  // namespace

std::optional<Endpoint> ConnectAnew(const HostSocket& socket, const ServicePlan& plan,
                                    const std::vector<IpAddress>& node_addresses) {
  const Endpoint named = socket.named.value_or(socket.peer);
  const std::optional<Found> found = FindNamed(plan, named, node_addresses);
  if (!found.has_value()) return socket.named;
  if (socket.named.has_value()) {
    return HasBackend(*found, socket.peer) ? std::nullopt : socket.named;
  }
  return HasBackendFor(*found) ? std::optional(named) : std::nullopt;
}

bool DatagramsDiffer(const ServicePlan& before, const ServicePlan& after) {
  const auto same = [](const auto& a, const auto& b) {
    return *a.first == *b.first && *a.second == *b.second;
  };
  return !std::ranges::equal(OnlyDatagrams(before), OnlyDatagrams(after), same);
}

}  // namespace fairlead::plan
