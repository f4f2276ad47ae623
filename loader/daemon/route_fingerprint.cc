// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/route_fingerprint.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "loader/netlink/routes.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {

size_t FingerprintRoutes(NetlinkSocket& netlink, ProblemLog& problems) {
  absl::StatusOr<std::vector<Route>> routes = ListRoutes(netlink, {.table = std::nullopt});
  if (!routes.ok()) {
    problems.Note(routes.status(), "look at the host's routes");
    return 0;
  }
  std::erase_if(*routes, [](const Route& route) {
    return route.protocol == kRouteProtocol || route.link_index - FL_POD_IFINDEX_BASE < FL_MAX_PODS;
  });
  std::ranges::sort(*routes);
  std::string text;
  for (const Route& route : *routes) text += route.ToString() + "\n";
  return std::hash<std::string>{}(text);
}

}  // namespace fairlead
