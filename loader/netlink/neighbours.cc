// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/neighbours.h"

#include <fmt/format.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cstring>

#include "base/status_macros.h"

namespace fairlead {
namespace {

ndmsg* Fill(NetlinkMessage& message, uint32_t link_index, const IpAddress& address) {
  auto* header = message.Header<ndmsg>();
  header->ndm_family = static_cast<uint8_t>(AddressFamily(address.family()));
  header->ndm_ifindex = static_cast<int>(link_index);
  return header;
}

}  // namespace

absl::Status PutNeighbour(NetlinkSocket& netlink, uint32_t link_index, const IpAddress& address,
                          const MacAddress& mac, uint16_t state) {
  NetlinkMessage message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  Fill(message, link_index, address)->ndm_state = state;
  message.PutAddress(NDA_DST, address);
  message.Put(NDA_LLADDR, mac.data(), mac.size());
  return netlink.Request(message, fmt::format("put neighbour {} at {} on link {}",
                                              address.ToString(), MacToString(mac), link_index));
}

absl::Status DeleteNeighbour(NetlinkSocket& netlink, uint32_t link_index,
                             const IpAddress& address) {
  NetlinkMessage message(RTM_DELNEIGH, 0);
  Fill(message, link_index, address);
  message.PutAddress(NDA_DST, address);
  const absl::Status status = netlink.Request(
      message, fmt::format("delete neighbour {} of link {}", address.ToString(), link_index));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::StatusOr<std::vector<Neighbour>> ListNeighbours(NetlinkSocket& netlink) {
  std::vector<Neighbour> neighbours;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    NetlinkMessage message(RTM_GETNEIGH, 0);
    message.Header<ndmsg>()->ndm_family = static_cast<uint8_t>(AddressFamily(family));
    FL_ASSIGN_OR_RETURN(const NetlinkAnswers answers, netlink.Dump(message, "list neighbours"));
    answers.ForEach([&neighbours](const nlmsghdr* answer) {
      if (answer->nlmsg_type != RTM_NEWNEIGH) return;
      const auto* header = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(answer));
      const NetlinkAttributes<NDA_MAX> attributes(answer, sizeof(ndmsg));
      Neighbour neighbour;
      neighbour.link_index = static_cast<uint32_t>(header->ndm_ifindex);
      neighbour.state = header->ndm_state;
      const nlattr* address = attributes[NDA_DST];
      if (address == nullptr || !ReadAddress(address, &neighbour.address)) return;
      if (const nlattr* mac = attributes[NDA_LLADDR];
          mac != nullptr && mnl_attr_get_payload_len(mac) == neighbour.mac.size()) {
        std::memcpy(neighbour.mac.data(), mnl_attr_get_payload(mac), neighbour.mac.size());
      }
      neighbours.push_back(neighbour);
    });
  }
  return neighbours;
}

}  // namespace fairlead
