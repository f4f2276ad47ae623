// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/choose_uplinks.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include "loader/pods/local_pod.h"

namespace fairlead {
namespace {

constexpr char kOwnDevices[] = "fl_";  // the tunnel's device and whatever else we make

bool IsNodeAddress(const std::optional<plan::OwnNode>& own, const IpAddress& address) {
  return own.has_value() && own->addresses.Of(address.family()) == address;
}

bool HasNodeAddress(const HostView& view, uint32_t ifindex,
                    const std::optional<plan::OwnNode>& own) {
  return std::ranges::any_of(view.addresses, [&](const InterfaceAddress& entry) {
    return entry.link_index == ifindex && IsNodeAddress(own, entry.address);
  });
}

// The bridge or bond that the device is a port of. A VRF is a routing table: its devices keep
// their addresses and their packets.
const Link* PortOf(const HostView& view, const Link& link) {
  if (link.master_index == 0) return nullptr;
  const auto master = std::ranges::find(view.links, link.master_index, &Link::index);
  if (master == view.links.end() || master->kind == "vrf") return nullptr;
  return &*master;
}

bool CarriesEthernet(const Link& link) { return !link.is_loopback() && link.mac != MacAddress{}; }

bool IsOurs(const Link& link) {
  return IsPodIfindex(link.index) || link.name.starts_with(kOwnDevices);
}

// Of the other network, between nodes: flannel.1, vxlan.calico.
bool IsTunnelOfOthers(const HostView& view, const Link& link) {
  return view.has_guests && (link.kind == "vxlan" || link.kind == "geneve") &&
         std::ranges::any_of(view.addresses, [&link](const InterfaceAddress& entry) {
           return entry.link_index == link.index && entry.scope == RT_SCOPE_UNIVERSE;
         });
}

bool IsPattern(const std::string& device) { return device.find_first_of("+*?[") != device.npos; }

bool Names(std::string device, const std::string& name) {
  if (device.ends_with('+')) device.back() = '*';  // as iptables writes it
  return IsPattern(device) ? fnmatch(device.c_str(), name.c_str(), 0) == 0 : device == name;
}

// What is wrong with an entry of --devices; empty: nothing.
std::string WhyUseless(const HostView& view, const std::string& device) {
  const auto named = std::ranges::find_if(
      view.links, [&](const Link& link) { return !IsOurs(link) && Names(device, link.name); });
  if (named == view.links.end()) {
    return fmt::format("--devices names {}, which this node does not have", device);
  }
  if (IsPattern(device)) return "";
  if (!CarriesEthernet(*named)) return fmt::format("--devices names {}: no Ethernet", device);
  const Link* master = PortOf(view, *named);
  if (master == nullptr) return "";
  return fmt::format("--devices names {}, a port of {}: name that", device, master->name);
}

// The smaller, the better; the Node's own is the best.
int Rank(const InterfaceAddress& entry, const std::optional<plan::OwnNode>& own) {
  if (IsNodeAddress(own, entry.address)) return 0;
  if ((entry.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) != 0) return 3;
  const bool temporary =
      entry.address.family() == Family::kIpv6 && (entry.flags & IFA_F_TEMPORARY) != 0;
  return temporary ? 2 : 1;
}

}  // namespace

ChosenUplinks ChooseUplinks(const HostView& view, const std::vector<std::string>& devices,
                            const std::optional<plan::OwnNode>& own) {
  ChosenUplinks chosen;
  for (const std::string& device : devices) {
    if (std::string reason = WhyUseless(view, device); !reason.empty()) {
      chosen.problems.push_back(std::move(reason));
    }
  }
  const auto has_reason = [&](const Link& link) {
    if (IsTunnelOfOthers(view, link)) return true;
    if (!devices.empty()) {
      return std::ranges::any_of(devices, [&](const auto& name) { return Names(name, link.name); });
    }
    return view.default_routes.contains(link.index) || HasNodeAddress(view, link.index, own);
  };
  for (const Link& link : view.links) {
    // A link that is down may come up again.
    if (!CarriesEthernet(link) || IsOurs(link) || PortOf(view, link) != nullptr) continue;
    const bool wanted = has_reason(link);
    if (!wanted && (!devices.empty() || !view.recent.contains(link.index))) continue;
    if (!wanted) chosen.deserted.insert(link.index);
    chosen.links.push_back(&link);
  }
  std::ranges::stable_partition(
      chosen.links, [&](const Link* link) { return HasNodeAddress(view, link->index, own); });
  return chosen;
}

std::vector<const Link*> ChooseGuests(const HostView& view, const ChosenUplinks& uplinks) {
  std::vector<const Link*> guests;
  if (!view.has_guests) return guests;
  for (const Link& link : view.links) {
    if (link.kind != "veth" || link.peer_netns_id < 0 || IsOurs(link)) continue;
    if (std::ranges::find(uplinks.links, &link) == uplinks.links.end()) guests.push_back(&link);
  }
  return guests;
}

std::optional<IpAddress> ChooseAddress(const HostView& view, uint32_t ifindex, Family family,
                                       const std::optional<plan::OwnNode>& own) {
  const InterfaceAddress* best = nullptr;
  for (const InterfaceAddress& entry : view.addresses) {
    if (entry.link_index != ifindex || entry.address.family() != family ||
        entry.scope != RT_SCOPE_UNIVERSE) {
      continue;
    }
    if (best == nullptr || Rank(entry, own) < Rank(*best, own)) best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  return best->address;
}

}  // namespace fairlead
