// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/route_fingerprint.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "loader/netlink/routes.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

size_t FingerprintRoutes(NetlinkSocket& netlink, ProblemLog& problems) {
  absl::StatusOr<std::vector<Route>> routes = ListRoutes(netlink, {.table = std::nullopt});
  if (!routes.ok()) {
    problems.Note(routes.status(), "look at the host's routes");
    return 0;
  }
  std::erase_if(*routes, [](const Route& route) {
    return route.protocol == kRouteProtocol || IsPodIfindex(route.link_index);
  });
  std::ranges::sort(*routes);
  std::string text;
  for (const Route& route : *routes) text += route.ToString() + "\n";
  return std::hash<std::string>{}(text);
}

}  // namespace fairlead
