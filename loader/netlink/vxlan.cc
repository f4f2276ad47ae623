// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/vxlan.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "base/status_macros.h"

namespace fairlead {
namespace {

// The switches of a device of ours. Outer IPv6 packets without a checksum are
// taken, too: see write_tunnel() in bpf/packet/tunnel.h.
struct Switch {
  uint16_t attribute;
  uint8_t value;
};
constexpr Switch kSwitches[] = {{IFLA_VXLAN_COLLECT_METADATA, 1},
                                {IFLA_VXLAN_LEARNING, 0},
                                {IFLA_VXLAN_UDP_ZERO_CSUM6_TX, 1},
                                {IFLA_VXLAN_UDP_ZERO_CSUM6_RX, 1}};

using VxlanAttributes = NetlinkAttributes<IFLA_VXLAN_MAX>;

bool HasAllSwitches(const VxlanAttributes& attributes) {
  for (const Switch& wanted : kSwitches) {
    const nlattr* actual = attributes[wanted.attribute];
    const uint8_t value = actual == nullptr ? 0 : mnl_attr_get_u8(actual);
    if ((value != 0) != (wanted.value != 0)) return false;
  }
  return true;
}

void ReadVxlan(const nlmsghdr* answer, FoundVxlan& found) {
  const NetlinkAttributes<IFLA_MAX> link(answer, sizeof(ifinfomsg));
  if (link[IFLA_LINKINFO] == nullptr) return;
  const NetlinkAttributes<IFLA_INFO_MAX> info(link[IFLA_LINKINFO]);
  if (info[IFLA_INFO_DATA] == nullptr) return;
  const VxlanAttributes attributes(info[IFLA_INFO_DATA]);
  found.is_as_created = HasAllSwitches(attributes) && (found.link.flags & IFF_NOARP) != 0;
  if (const nlattr* port = attributes[IFLA_VXLAN_PORT]; port != nullptr) {
    found.port = ntohs(mnl_attr_get_u16(port));
  }
}

}  // namespace

absl::Status CreateVxlan(NetlinkSocket& netlink, const VxlanDevice& device) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  auto* header = message.Header<ifinfomsg>();
  header->ifi_family = AF_UNSPEC;
  header->ifi_flags = IFF_NOARP;
  header->ifi_change = IFF_NOARP;
  message.PutText(IFLA_IFNAME, device.name);
  message.Put(IFLA_ADDRESS, device.mac.data(), device.mac.size());
  message.PutU32(IFLA_MTU, device.mtu);
  nlattr* info = message.Begin(IFLA_LINKINFO);
  message.PutText(IFLA_INFO_KIND, "vxlan");
  nlattr* data = message.Begin(IFLA_INFO_DATA);
  for (const Switch& each : kSwitches) message.PutU8(each.attribute, each.value);
  const uint16_t port = htons(device.port);
  message.Put(IFLA_VXLAN_PORT, &port, sizeof(port));
  message.End(data);
  message.End(info);
  FL_RETURN_IF_ERROR(netlink.Request(
      message, fmt::format("create VXLAN device {} on port {}", device.name, device.port)));
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link, FindLink(netlink, device.name));
  return link.has_value() ? SetNoIpv6LinkLocal(netlink, link->index) : absl::OkStatus();
}

absl::StatusOr<std::optional<FoundVxlan>> FindVxlan(NetlinkSocket& netlink,
                                                    const std::string& name) {
  FL_ASSIGN_OR_RETURN(std::optional<Link> link, FindLink(netlink, name));
  if (!link.has_value()) return std::nullopt;
  if (link->kind != "vxlan") {
    return absl::FailedPreconditionError(fmt::format("device {} is no VXLAN device", name));
  }
  NetlinkMessage message(RTM_GETLINK, 0);
  message.Header<ifinfomsg>()->ifi_index = static_cast<int>(link->index);
  const absl::StatusOr<NetlinkAnswers> answers =
      netlink.Get(message, fmt::format("look at device {}", name));
  if (absl::IsNotFound(answers.status())) return std::nullopt;
  if (!answers.ok()) return answers.status();
  FoundVxlan found{.link = *std::move(link)};
  answers->ForEach([&found](const nlmsghdr* answer) {
    if (answer->nlmsg_type == RTM_NEWLINK) ReadVxlan(answer, found);
  });
  return found;
}

}  // namespace fairlead
