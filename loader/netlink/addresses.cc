// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/addresses.h"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

void Fill(NetlinkMessage& message, uint32_t link_index, const IpAddress& address,
          int prefix_length) {
  auto* header = message.Header<ifaddrmsg>();
  header->ifa_family = static_cast<uint8_t>(AddressFamily(address.family()));
  header->ifa_prefixlen = static_cast<uint8_t>(prefix_length);
  header->ifa_scope = RT_SCOPE_UNIVERSE;
  header->ifa_index = link_index;
  message.PutAddress(IFA_LOCAL, address);
  message.PutAddress(IFA_ADDRESS, address);
}

InterfaceAddress Parse(const nlmsghdr* message) {
  const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
  const NetlinkAttributes<IFA_MAX> attributes(message, sizeof(ifaddrmsg));
  InterfaceAddress found;
  found.link_index = header->ifa_index;
  found.prefix_length = header->ifa_prefixlen;
  found.scope = header->ifa_scope;
  found.flags = attributes.U32(IFA_FLAGS, header->ifa_flags);
  // On a point-to-point link IFA_ADDRESS is the other end.
  const nlattr* own = attributes[IFA_LOCAL];
  if (own == nullptr) own = attributes[IFA_ADDRESS];
  if (own != nullptr) ReadAddress(own, &found.address);
  return found;
}

}  // namespace

absl::Status AddAddress(NetlinkSocket& netlink, uint32_t link_index, const IpAddress& address,
                        int prefix_length) {
  NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  Fill(message, link_index, address, prefix_length);
  if (address.family() == Family::kIpv6) message.PutU32(IFA_FLAGS, IFA_F_NODAD);
  return netlink.Request(message, fmt::format("add address {}/{} to link {}", address.ToString(),
                                              prefix_length, link_index));
}

absl::Status DeleteAddress(NetlinkSocket& netlink, uint32_t link_index, const IpAddress& address,
                           int prefix_length) {
  NetlinkMessage message(RTM_DELADDR, 0);
  Fill(message, link_index, address, prefix_length);
  const absl::Status status =
      netlink.Request(message, fmt::format("delete address {}/{} of link {}", address.ToString(),
                                           prefix_length, link_index));
  // An absent address is EADDRNOTAVAIL, which absl counts as "already exists".
  const bool absent =
      absl::IsNotFound(status) || status.code() == absl::ErrnoToStatusCode(EADDRNOTAVAIL);
  return absent ? absl::OkStatus() : status;
}

absl::StatusOr<std::vector<InterfaceAddress>> ListAddresses(NetlinkSocket& netlink) {
  std::vector<InterfaceAddress> addresses;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    NetlinkMessage message(RTM_GETADDR, 0);
    message.Header<ifaddrmsg>()->ifa_family = static_cast<uint8_t>(AddressFamily(family));
    FL_ASSIGN_OR_RETURN(const NetlinkAnswers answers, netlink.Dump(message, "list addresses"));
    answers.ForEach([&addresses](const nlmsghdr* answer) {
      if (answer->nlmsg_type == RTM_NEWADDR) addresses.push_back(Parse(answer));
    });
  }
  return addresses;
}

}  // namespace fairlead
