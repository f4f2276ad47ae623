// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/uplinks.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/netlink/links.h"
#include "loader/netlink/routes.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

constexpr uint8_t kScopeUniverse = 0;

bool IsPodDevice(uint32_t ifindex) {
  return ifindex >= FL_POD_IFINDEX_BASE && ifindex < FL_POD_IFINDEX_BASE + FL_MAX_PODS;
}

bool IsNodeAddress(const std::optional<plan::OwnNode>& own, const IpAddress& address) {
  return own.has_value() && own->addresses.Of(address.family()) == address;
}

absl::StatusOr<std::set<uint32_t>> FindUplinks(NetlinkSocket& netlink,
                                               const std::vector<InterfaceAddress>& addresses,
                                               const std::optional<plan::OwnNode>& own) {
  std::set<uint32_t> found;
  for (const InterfaceAddress& entry : addresses) {
    if (IsNodeAddress(own, entry.address)) found.insert(entry.link_index);
  }
  FL_ASSIGN_OR_RETURN(const std::vector<Route> routes, ListRoutes(netlink, {}));
  for (const Route& route : routes) {
    if (route.destination.prefix_length() == 0 && route.link_index != 0) {
      found.insert(route.link_index);
    }
  }
  return found;
}

// The address to masquerade with: the Node's if it is on the device, otherwise
// its first global one.
std::optional<IpAddress> AddressOf(uint32_t ifindex, Family family,
                                   const std::vector<InterfaceAddress>& addresses,
                                   const std::optional<plan::OwnNode>& own) {
  std::optional<IpAddress> chosen;
  for (const InterfaceAddress& entry : addresses) {
    if (entry.link_index != ifindex || entry.address.family() != family ||
        entry.scope != kScopeUniverse) {
      continue;
    }
    if (IsNodeAddress(own, entry.address)) return entry.address;
    if (!chosen.has_value()) chosen = entry.address;
  }
  return chosen;
}

}  // namespace

uint32_t HostNetwork::LinkTo(const IpAddress& address) const {
  for (const InterfaceAddress& entry : on_links) {
    if (entry.prefix_length < AddressBits(entry.address.family()) &&
        Cidr::Make(entry.address, entry.prefix_length).Contains(address)) {
      return entry.link_index;
    }
  }
  return 0;
}

absl::StatusOr<HostNetwork> LookAtHost(NetlinkSocket& netlink,
                                       const std::vector<std::string>& devices,
                                       const std::optional<plan::OwnNode>& own) {
  HostNetwork host;
  FL_ASSIGN_OR_RETURN(const std::vector<Link> links, ListLinks(netlink));
  FL_ASSIGN_OR_RETURN(const std::vector<InterfaceAddress> addresses, ListAddresses(netlink));
  FL_ASSIGN_OR_RETURN(const std::set<uint32_t> found, FindUplinks(netlink, addresses, own));

  std::vector<std::pair<bool, const Link*>> chosen;
  for (const Link& link : links) {
    if (IsPodDevice(link.index)) continue;
    for (const InterfaceAddress& entry : addresses) {
      if (entry.link_index != link.index || entry.scope != kScopeUniverse) continue;
      host.addresses.push_back(entry.address);
      host.on_links.push_back(entry);
    }
    const bool wanted = devices.empty() ? found.contains(link.index)
                                        : std::ranges::find(devices, link.name) != devices.end();
    // The programs read Ethernet frames; a link that is down may come up again.
    if (!wanted || link.is_loopback() || link.mac == MacAddress{}) continue;
    const bool has_node_address = std::ranges::any_of(addresses, [&](const auto& entry) {
      return entry.link_index == link.index && IsNodeAddress(own, entry.address);
    });
    chosen.emplace_back(!has_node_address, &link);
  }
  for (const std::string& device : devices) {
    if (std::ranges::find(links, device, &Link::name) == links.end()) {
      host.missing.push_back(device);
    }
  }
  std::ranges::stable_sort(chosen, {}, &std::pair<bool, const Link*>::first);
  for (const auto& [other, link] : chosen) {
    host.uplinks.push_back({.ifindex = link->index,
                            .ip4 = AddressOf(link->index, Family::kIpv4, addresses, own),
                            .ip6 = AddressOf(link->index, Family::kIpv6, addresses, own)});
    host.uplink_names.push_back(link->name);
    host.mtu = host.uplinks.size() == 1 ? link->mtu : std::min(host.mtu, link->mtu);
  }
  return host;
}

}  // namespace fairlead
