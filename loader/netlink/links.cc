// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/links.h"

#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <cstring>

#include "base/status_macros.h"

namespace fairlead {
namespace {

// A request about one link.
ifinfomsg* AddressLink(NetlinkMessage& message, uint32_t index) {
  auto* header = message.Header<ifinfomsg>();
  header->ifi_family = AF_UNSPEC;
  header->ifi_index = static_cast<int>(index);
  return header;
}

std::string TextOf(const nlattr* attribute) {
  if (attribute == nullptr) return "";
  const char* text = mnl_attr_get_str(attribute);
  return std::string(text, strnlen(text, mnl_attr_get_payload_len(attribute)));
}

Link ParseLink(const nlmsghdr* message) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  const NetlinkAttributes<IFLA_MAX> attributes(message, sizeof(ifinfomsg));
  Link link;
  link.index = static_cast<uint32_t>(header->ifi_index);
  link.flags = header->ifi_flags;
  link.name = TextOf(attributes[IFLA_IFNAME]);
  link.alias = TextOf(attributes[IFLA_IFALIAS]);
  link.mtu = attributes.U32(IFLA_MTU);
  link.master_index = attributes.U32(IFLA_MASTER);
  link.peer_index = attributes.U32(IFLA_LINK);
  link.peer_netns_id =
      static_cast<int32_t>(attributes.U32(IFLA_LINK_NETNSID, static_cast<uint32_t>(-1)));
  if (const nlattr* state = attributes[IFLA_OPERSTATE]; state != nullptr) {
    link.is_operational = mnl_attr_get_u8(state) == IF_OPER_UP;
  }
  if (const nlattr* mac = attributes[IFLA_ADDRESS];
      mac != nullptr && mnl_attr_get_payload_len(mac) == link.mac.size()) {
    std::memcpy(link.mac.data(), mnl_attr_get_payload(mac), link.mac.size());
  }
  if (const nlattr* info = attributes[IFLA_LINKINFO]; info != nullptr) {
    link.kind = TextOf(NetlinkAttributes<IFLA_INFO_MAX>(info)[IFLA_INFO_KIND]);
  }
  return link;
}

std::vector<Link> ParseLinks(const NetlinkAnswers& answers) {
  std::vector<Link> links;
  answers.ForEach([&links](const nlmsghdr* answer) {
    if (answer->nlmsg_type == RTM_NEWLINK) links.push_back(ParseLink(answer));
  });
  return links;
}

absl::StatusOr<std::optional<Link>> Find(NetlinkSocket& netlink, NetlinkMessage& message,
                                         const std::string& what) {
  const absl::StatusOr<NetlinkAnswers> answers = netlink.Get(message, what);
  if (absl::IsNotFound(answers.status())) return std::nullopt;
  if (!answers.ok()) return answers.status();
  std::vector<Link> links = ParseLinks(*answers);
  if (links.empty()) return std::nullopt;
  return std::move(links.front());
}

}  // namespace

bool Link::is_up() const { return (flags & IFF_UP) != 0; }
bool Link::has_carrier() const { return (flags & IFF_LOWER_UP) != 0; }
bool Link::is_loopback() const { return (flags & IFF_LOOPBACK) != 0; }

absl::Status CreateVeth(NetlinkSocket& netlink, const VethPair& pair) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  AddressLink(message, pair.host_index);
  message.PutText(IFLA_IFNAME, pair.host_name);
  message.Put(IFLA_ADDRESS, pair.host_mac.data(), pair.host_mac.size());
  message.PutU32(IFLA_MTU, pair.mtu);
  nlattr* info = message.Begin(IFLA_LINKINFO);
  message.PutText(IFLA_INFO_KIND, "veth");
  nlattr* veth = message.Begin(IFLA_INFO_DATA);
  nlattr* peer = message.Begin(VETH_INFO_PEER);
  message.PutRaw(sizeof(ifinfomsg));
  message.PutText(IFLA_IFNAME, pair.peer_name);
  message.Put(IFLA_ADDRESS, pair.peer_mac.data(), pair.peer_mac.size());
  message.PutU32(IFLA_MTU, pair.mtu);
  if (pair.peer_netns_fd >= 0) {
    message.PutU32(IFLA_NET_NS_FD, static_cast<uint32_t>(pair.peer_netns_fd));
  }
  message.End(peer);
  message.End(veth);
  message.End(info);
  return netlink.Request(message, fmt::format("create veth {} (index {}) with peer {}",
                                              pair.host_name, pair.host_index, pair.peer_name));
}

absl::Status DeleteLink(NetlinkSocket& netlink, uint32_t index) {
  NetlinkMessage message(RTM_DELLINK, 0);
  AddressLink(message, index);
  const absl::Status status = netlink.Request(message, fmt::format("delete link {}", index));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status SetLinkUp(NetlinkSocket& netlink, uint32_t index) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  ifinfomsg* header = AddressLink(message, index);
  header->ifi_flags = IFF_UP;
  header->ifi_change = IFF_UP;
  return netlink.Request(message, fmt::format("set link {} up", index));
}

absl::Status SetLinkMtu(NetlinkSocket& netlink, uint32_t index, uint32_t mtu) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  AddressLink(message, index);
  message.PutU32(IFLA_MTU, mtu);
  return netlink.Request(message, fmt::format("set mtu {} of link {}", mtu, index));
}

absl::Status SetLinkMac(NetlinkSocket& netlink, uint32_t index, const MacAddress& mac) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  AddressLink(message, index);
  message.Put(IFLA_ADDRESS, mac.data(), mac.size());
  return netlink.Request(message,
                         fmt::format("set address {} of link {}", MacToString(mac), index));
}

absl::Status SetLinkAlias(NetlinkSocket& netlink, uint32_t index, const std::string& alias) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  AddressLink(message, index);
  message.Put(IFLA_IFALIAS, alias.data(), alias.size());
  return netlink.Request(message, fmt::format("set alias \"{}\" of link {}", alias, index));
}

absl::Status SetNoIpv6LinkLocal(NetlinkSocket& netlink, uint32_t index) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  AddressLink(message, index);
  nlattr* per_family = message.Begin(IFLA_AF_SPEC);
  nlattr* inet6 = message.Begin(AF_INET6);
  message.PutU8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  message.End(inet6);
  message.End(per_family);
  return netlink.Request(message, fmt::format("set addr_gen_mode none of link {}", index));
}

absl::StatusOr<std::vector<Link>> ListLinks(NetlinkSocket& netlink) {
  NetlinkMessage message(RTM_GETLINK, 0);
  message.Header<ifinfomsg>();
  FL_ASSIGN_OR_RETURN(const NetlinkAnswers answers, netlink.Dump(message, "list links"));
  return ParseLinks(answers);
}

absl::StatusOr<std::optional<Link>> FindLink(NetlinkSocket& netlink, uint32_t index) {
  NetlinkMessage message(RTM_GETLINK, 0);
  AddressLink(message, index);
  return Find(netlink, message, fmt::format("find link {}", index));
}

absl::StatusOr<std::optional<Link>> FindLink(NetlinkSocket& netlink, const std::string& name) {
  NetlinkMessage message(RTM_GETLINK, 0);
  message.Header<ifinfomsg>();
  message.PutText(IFLA_IFNAME, name);
  return Find(netlink, message, fmt::format("find link {}", name));
}

}  // namespace fairlead
