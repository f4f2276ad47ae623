// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/routes.h"

#include <fmt/format.h>
#include <linux/rtnetlink.h>

#include "base/status_macros.h"

namespace fairlead {
namespace {

// include/net/ip6_route.h, IP6_RT_PRIO_USER: what IPv6 makes of no metric at all.
constexpr uint32_t kDefaultMetric6 = 1024;

rtmsg* Fill(NetlinkMessage& message, const Route& route) {
  auto* header = message.Header<rtmsg>();
  header->rtm_family = static_cast<uint8_t>(AddressFamily(route.destination.family()));
  header->rtm_dst_len = static_cast<uint8_t>(route.destination.prefix_length());
  // Tables above 255 only fit into the attribute.
  header->rtm_table = static_cast<uint8_t>(route.table < 256 ? route.table : RT_TABLE_UNSPEC);
  header->rtm_protocol = route.protocol;
  header->rtm_type = route.kind == RouteKind::kUnicast ? RTN_UNICAST : RTN_UNREACHABLE;
  const bool direct = route.kind == RouteKind::kUnicast && !route.gateway.has_value();
  header->rtm_scope = direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  if (route.gateway_on_link) header->rtm_flags |= RTNH_F_ONLINK;
  message.PutU32(RTA_TABLE, route.table);
  message.PutAddress(RTA_DST, route.destination.address());
  if (route.link_index != 0) message.PutU32(RTA_OIF, route.link_index);
  if (route.gateway) message.PutAddress(RTA_GATEWAY, *route.gateway);
  if (route.source) message.PutAddress(RTA_PREFSRC, *route.source);
  if (route.metric != 0) message.PutU32(RTA_PRIORITY, route.metric);
  return header;
}

std::optional<IpAddress> AddressIn(const nlattr* attribute) {
  IpAddress address;
  if (attribute == nullptr || !ReadAddress(attribute, &address)) return std::nullopt;
  return address;
}

// Of a route with several hops.
void AddHopLinks(const nlattr* hops, std::set<uint32_t>& links) {
  if (hops == nullptr) return;
  const auto* hop = static_cast<const rtnexthop*>(mnl_attr_get_payload(hops));
  int left = mnl_attr_get_payload_len(hops);
  while (left >= static_cast<int>(sizeof(*hop)) && hop->rtnh_len >= sizeof(*hop) &&
         hop->rtnh_len <= left) {
    links.insert(static_cast<uint32_t>(hop->rtnh_ifindex));
    const int step = NLMSG_ALIGN(hop->rtnh_len);
    left -= step;
    hop = reinterpret_cast<const rtnexthop*>(reinterpret_cast<const char*>(hop) + step);
  }
}

// nullopt for kinds of routes that are none of our business.
std::optional<Route> Parse(const nlmsghdr* message) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
  const NetlinkAttributes<RTA_MAX> attributes(message, sizeof(rtmsg));
  if (header->rtm_type != RTN_UNICAST && header->rtm_type != RTN_UNREACHABLE) return std::nullopt;
  if (header->rtm_family != AF_INET && header->rtm_family != AF_INET6) return std::nullopt;
  if ((header->rtm_flags & RTM_F_CLONED) != 0 || attributes[RTA_MULTIPATH] != nullptr) {
    return std::nullopt;
  }
  const Family family = header->rtm_family == AF_INET ? Family::kIpv4 : Family::kIpv6;
  Route route;
  route.destination = Cidr::Make(
      AddressIn(attributes[RTA_DST]).value_or(IpAddress::Unspecified(family)), header->rtm_dst_len);
  const bool unreachable = header->rtm_type == RTN_UNREACHABLE;
  route.kind = unreachable ? RouteKind::kUnreachable : RouteKind::kUnicast;
  // IPv6 hangs unreachable routes on lo; that is no part of what was asked for.
  route.link_index = unreachable ? 0 : attributes.U32(RTA_OIF);
  route.gateway = AddressIn(attributes[RTA_GATEWAY]);
  route.source = AddressIn(attributes[RTA_PREFSRC]);
  route.gateway_on_link = (header->rtm_flags & RTNH_F_ONLINK) != 0;
  route.metric = attributes.U32(RTA_PRIORITY);
  // So that what is listed equals what was asked for with "the default".
  if (family == Family::kIpv6 && route.metric == kDefaultMetric6) route.metric = 0;
  route.table = attributes.U32(RTA_TABLE, header->rtm_table);
  route.protocol = header->rtm_protocol;
  return route;
}

}  // namespace

std::string Route::ToString() const {
  std::string text = kind == RouteKind::kUnreachable ? "unreachable " : "";
  text += destination.ToString();
  if (gateway) text += fmt::format(" via {}", gateway->ToString());
  if (link_index != 0) text += fmt::format(" dev {}", link_index);
  if (source) text += fmt::format(" src {}", source->ToString());
  if (metric != 0) text += fmt::format(" metric {}", metric);
  if (table != RT_TABLE_MAIN) text += fmt::format(" table {}", table);
  return text;
}

absl::Status ReplaceRoute(NetlinkSocket& netlink, const Route& route) {
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  Fill(message, route);
  return netlink.Request(message, fmt::format("replace route {}", route.ToString()));
}

absl::Status DeleteRoute(NetlinkSocket& netlink, const Route& route) {
  NetlinkMessage message(RTM_DELROUTE, 0);
  Fill(message, route)->rtm_scope = RT_SCOPE_NOWHERE;  // whatever scope it was made with
  const absl::Status status =
      netlink.Request(message, fmt::format("delete route {}", route.ToString()));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::StatusOr<std::vector<Route>> ListRoutes(NetlinkSocket& netlink, const RouteFilter& filter) {
  std::vector<Route> routes;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    if (filter.family && *filter.family != family) continue;
    NetlinkMessage message(RTM_GETROUTE, 0);
    auto* header = message.Header<rtmsg>();
    header->rtm_family = static_cast<uint8_t>(AddressFamily(family));
    FL_ASSIGN_OR_RETURN(const NetlinkAnswers answers, netlink.Dump(message, "list routes"));
    answers.ForEach([&](const nlmsghdr* answer) {
      if (answer->nlmsg_type != RTM_NEWROUTE) return;
      std::optional<Route> route = Parse(answer);
      if (!route) return;
      if (filter.table && route->table != *filter.table) return;
      if (filter.protocol && route->protocol != *filter.protocol) return;
      routes.push_back(*std::move(route));
    });
  }
  return routes;
}

absl::StatusOr<std::set<uint32_t>> ListDefaultRouteLinks(NetlinkSocket& netlink) {
  std::set<uint32_t> links;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    NetlinkMessage message(RTM_GETROUTE, 0);
    message.Header<rtmsg>()->rtm_family = static_cast<uint8_t>(AddressFamily(family));
    FL_ASSIGN_OR_RETURN(const NetlinkAnswers answers, netlink.Dump(message, "list default routes"));
    answers.ForEach([&links](const nlmsghdr* answer) {
      const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(answer));
      if (answer->nlmsg_type != RTM_NEWROUTE || header->rtm_dst_len != 0 ||
          header->rtm_type != RTN_UNICAST || header->rtm_table != RT_TABLE_MAIN) {
        return;
      }
      const NetlinkAttributes<RTA_MAX> attributes(answer, sizeof(rtmsg));
      if (const uint32_t link = attributes.U32(RTA_OIF); link != 0) links.insert(link);
      AddHopLinks(attributes[RTA_MULTIPATH], links);
    });
  }
  return links;
}

absl::StatusOr<bool> IsDeliveredLocally(NetlinkSocket& netlink, const IpAddress& address) {
  NetlinkMessage message(RTM_GETROUTE, 0);
  auto* header = message.Header<rtmsg>();
  header->rtm_family = static_cast<uint8_t>(AddressFamily(address.family()));
  header->rtm_dst_len = static_cast<uint8_t>(AddressBits(address.family()));
  message.PutAddress(RTA_DST, address);
  const absl::StatusOr<NetlinkAnswers> answers =
      netlink.Get(message, fmt::format("find route to {}", address.ToString()));
  if (absl::IsUnavailable(answers.status())) return false;  // ENETUNREACH, EHOSTUNREACH
  if (!answers.ok()) return answers.status();
  bool local = false;
  answers->ForEach([&local](const nlmsghdr* answer) {
    local =
        local || (answer->nlmsg_type == RTM_NEWROUTE &&
                  static_cast<const rtmsg*>(mnl_nlmsg_get_payload(answer))->rtm_type == RTN_LOCAL);
  });
  return local;
}

}  // namespace fairlead
