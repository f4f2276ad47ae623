// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/uplinks.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/status_macros.h"
#include "loader/daemon/choose_uplinks.h"
#include "loader/netlink/routes.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

uint32_t HostNetwork::LinkTo(const IpAddress& address) const {
  for (const InterfaceAddress& entry : on_links) {
    if (entry.prefix_length < AddressBits(entry.address.family()) &&
        Cidr::Make(entry.address, entry.prefix_length).Contains(address)) {
      return entry.link_index;
    }
  }
  return 0;
}

absl::StatusOr<HostNetwork> LookAtHost(NetlinkSocket& netlink, const HostQuestion& question) {
  HostView view;
  view.recent = question.recent;
  view.has_guests = question.has_guests;
  FL_ASSIGN_OR_RETURN(view.links, ListLinks(netlink));
  FL_ASSIGN_OR_RETURN(view.addresses, ListAddresses(netlink));
  FL_ASSIGN_OR_RETURN(view.default_routes, ListDefaultRouteLinks(netlink));

  HostNetwork host;
  for (const InterfaceAddress& entry : view.addresses) {
    if (entry.scope != RT_SCOPE_UNIVERSE || IsPodIfindex(entry.link_index)) continue;
    host.addresses.push_back(entry.address);
    host.on_links.push_back(entry);
  }
  // Beside ptp every pod's device has the gateway's: one more of them is no change.
  std::ranges::sort(host.addresses);
  const auto again = std::ranges::unique(host.addresses);
  host.addresses.erase(again.begin(), again.end());
  const std::optional<plan::OwnNode>& own = question.own;
  ChosenUplinks chosen = ChooseUplinks(view, question.devices, own);
  for (const Link* guest : ChooseGuests(view, chosen)) host.guests[guest->index] = guest->name;
  host.problems = std::move(chosen.problems);
  host.deserted = std::move(chosen.deserted);
  for (const Link* link : chosen.links) {
    host.uplinks.push_back({.ifindex = link->index,
                            .ip4 = ChooseAddress(view, link->index, Family::kIpv4, own),
                            .ip6 = ChooseAddress(view, link->index, Family::kIpv6, own),
                            .mtu = link->mtu});
    host.uplink_names.push_back(link->name);
    host.mtu = host.uplinks.size() == 1 ? link->mtu : std::min(host.mtu, link->mtu);
  }
  return host;
}

}  // namespace fairlead
