// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/host_setup.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "loader/netlink/routes.h"
#include "loader/plan/route_plan.h"
#include "loader/pods/local_pod.h"

namespace fairlead {
namespace {

constexpr uint32_t kLastResort = 0xffffffff;  // metric of the unreachable routes

// A destination may have a route at each metric.
using Place = std::pair<Cidr, uint32_t>;

Route ToRoute(const plan::PlannedRoute& planned) {
  Route route;
  route.destination = planned.destination;
  route.gateway = planned.gateway;
  route.link_index = planned.link;
  route.source = planned.source;
  if (planned.link == 0) {
    route.kind = RouteKind::kUnreachable;
    route.metric = kLastResort;
  }
  return route;
}

// The kernel reads an unreachable IPv6 route back with the loopback device.
bool IsSame(const Route& actual, const Route& wanted) {
  return actual.kind == wanted.kind && actual.gateway == wanted.gateway &&
         actual.source == wanted.source &&
         (wanted.kind == RouteKind::kUnreachable || actual.link_index == wanted.link_index);
}

}  // namespace

void SetUpRoutes(NetlinkSocket& netlink, const plan::NodePlan& nodes, const HostNetwork& host,
                 uint32_t tunnel_link, apply::Unasked unasked, ProblemLog& problems) {
  const absl::StatusOr<std::vector<Route>> routes = ListRoutes(netlink, {});
  if (!routes.ok()) {
    problems.Note(routes.status(), "list routes");
    return;
  }
  std::map<Place, const Route*> ours;
  std::map<Place, const Route*> foreign;
  for (const Route& route : *routes) {
    if (IsPodIfindex(route.link_index)) continue;
    (route.protocol == kRouteProtocol ? ours : foreign)[{route.destination, route.metric}] = &route;
  }
  std::map<Place, Route> desired;
  for (const plan::PlannedRoute& planned : plan::MakeRoutePlan(
           nodes, [&host](const IpAddress& address) { return host.LinkTo(address); },
           tunnel_link)) {
    const Route route = ToRoute(planned);
    desired[{route.destination, route.metric}] = route;
  }
  for (const auto& [place, route] : desired) {
    if (foreign.contains(place)) {
      problems.Note(fmt::format("route {} is there, and not ours: left alone",
                                foreign.at(place)->ToString()));
      continue;
    }
    const auto actual = ours.find(place);
    if (actual != ours.end() && IsSame(*actual->second, route)) continue;
    problems.Note(ReplaceRoute(netlink, route), "route to a peer");
  }
  if (unasked == apply::Unasked::kKeep) return;
  for (const auto& [place, route] : ours) {
    if (!desired.contains(place)) problems.Note(DeleteRoute(netlink, *route), "remove a route");
  }
}

}  // namespace fairlead
