// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/scratch_network.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "loader/netlink/addresses.h"
#include "loader/netlink/links.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/routes.h"
#include "loader/netlink/sysctls.h"
#include "loader/netlink/vxlan.h"
#include "maps/abi/limits_abi.h"
#include "tests/dsl/address_plan.h"

namespace fairlead::testing {
namespace {

constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};
// Until then a link that is up drops what a program sends out of it: the kernel
// opens its queue in its own time.
void AwaitQueue(NetlinkSocket& netlink, uint32_t index) {
  constexpr int kTries = 5000;
  for (int i = 0; i < kTries; ++i) {
    if (Must(FindLink(netlink, index))->is_operational) return;
    ::usleep(1000);
  }
  MustOk(absl::DeadlineExceededError("a link does not become operational"));
}

uint32_t MakeLink(NetlinkSocket& netlink, const VethPair& pair) {
  MustOk(CreateVeth(netlink, pair));
  const auto host = Must(FindLink(netlink, pair.host_name));
  const auto peer = Must(FindLink(netlink, pair.peer_name));
  for (const uint32_t index : {host->index, peer->index}) {
    MustOk(SetNoIpv6LinkLocal(netlink, index));
    MustOk(SetLinkUp(netlink, index));
  }
  for (const uint32_t index : {host->index, peer->index}) AwaitQueue(netlink, index);
  return host->index;
}

Route DefaultRoute(Family family, uint32_t uplink) {
  return {.destination = Cidr::Make(IpAddress::Unspecified(family), 0),
          .link_index = uplink,
          .gateway = RouterAddress(family)};
}

void PutHop(NetlinkMessage& message, uint32_t link, const IpAddress& gateway) {
  auto* hop = static_cast<rtnexthop*>(message.PutRaw(sizeof(rtnexthop)));
  message.PutAddress(RTA_GATEWAY, gateway);
  hop->rtnh_len =
      static_cast<uint16_t>(sizeof(*hop) + MNL_ATTR_HDRLEN + AddressBits(gateway.family()) / 8);
  hop->rtnh_ifindex = static_cast<int>(link);
}

}  // namespace

ScratchNetwork& ScratchNetwork::Get() {
  static auto* const network = new ScratchNetwork;  // until the process ends
  return *network;
}

ScratchNetwork::ScratchNetwork() : netlink_(Must(NetlinkSocket::Open())) {
  // Before the links, which inherit it.
  MustOk(WriteSysctl("net.ipv4.ip_forward", "1"));
  MustOk(WriteSysctl("net.ipv6.conf.all.forwarding", "1"));
  MustOk(WriteSysctl("net.ipv6.conf.default.forwarding", "1"));
  AddUplink();
  AddSideLink();
  AddRoom();
  AddTunnel();
}

void ScratchNetwork::AddUplink() {
  uplink_ = MakeLink(
      netlink_,
      {.host_name = "uplink", .host_mac = kUplinkMac, .peer_name = "wire", .peer_mac = kRouterMac});
  // Its stack would speak of its multicast groups now and then, and be counted.
  MustOk(WriteSysctl("net.ipv6.conf.wire.disable_ipv6", "1"));
  for (const Family family : kFamilies) {
    const int bits = family == Family::kIpv4 ? 24 : 64;
    MustOk(AddAddress(netlink_, uplink_, NodeAddress(family, 0), bits));
    SetDefaultRoute(family);
    MustOk(PutNeighbour(netlink_, uplink_, RouterAddress(family), kRouterMac, NUD_PERMANENT));
    MustOk(ReplaceRoute(netlink_,
                        {.destination = UnreachableCidr(family), .kind = RouteKind::kUnreachable}));
  }
}

void ScratchNetwork::AddSideLink() {
  side_link_ = MakeLink(netlink_, {.host_name = "side",
                                   .host_mac = {0x02, 0, 0, 0, 1, 1},
                                   .peer_name = "sidewire",
                                   .peer_mac = {0x02, 0, 0, 0, 1, 2}});
  for (const Family family : kFamilies) {
    MustOk(ReplaceRoute(netlink_, {.destination = SideCidr(family), .link_index = side_link_}));
  }
}

void ScratchNetwork::AddRoom() {
  room_ = MakeLink(
      netlink_,
      {.host_name = "room", .host_mac = kGatewayMac, .peer_name = "inside", .peer_mac = kRoomMac});
}

void ScratchNetwork::AddTunnel() {
  MustOk(CreateVxlan(netlink_, {.name = "tunnel", .mac = kGatewayMac, .port = 8472, .mtu = 1450}));
  tunnel_ = Must(FindLink(netlink_, "tunnel"))->index;
  MustOk(SetLinkUp(netlink_, tunnel_));
}

void ScratchNetwork::SetDefaultRoute(Family family) {
  MustOk(ReplaceRoute(netlink_, DefaultRoute(family, uplink_)));
}

void ScratchNetwork::DropDefaultRoute(Family family) {
  MustOk(DeleteRoute(netlink_, DefaultRoute(family, uplink_)));
}

void ScratchNetwork::SplitDefaultRoute(Family family) {
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  auto* header = message.Header<rtmsg>();
  header->rtm_family = static_cast<uint8_t>(AddressFamily(family));
  header->rtm_table = RT_TABLE_MAIN;
  header->rtm_protocol = kRouteProtocol;
  header->rtm_type = RTN_UNICAST;
  nlattr* hops = message.Begin(RTA_MULTIPATH);
  PutHop(message, uplink_, RouterAddress(family));
  PutHop(message, side_link_, SideCidr(family).address().Plus(254));
  message.End(hops);
  MustOk(netlink_.Request(message, "split the default route"));
}

uint32_t ScratchNetwork::PodLink(uint32_t slot) {
  const uint32_t index = FL_POD_IFINDEX_BASE + slot;
  if (pod_slots_.insert(slot).second) {
    MakeLink(netlink_, {.host_name = fmt::format("pod{}", slot),
                        .host_index = index,
                        .host_mac = kGatewayMac,
                        .peer_name = fmt::format("eth{}", slot),
                        .peer_mac = {0x02, 0, 0, 0, 2, static_cast<uint8_t>(slot)}});
  }
  return index;
}

}  // namespace fairlead::testing
