// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/udp_sockets.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstring>

#include "base/status_macros.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {
namespace {

IpAddress AddressOf(const inet_diag_msg& message) {
  const uint32_t* words = message.id.idiag_dst;
  return message.idiag_family == AF_INET ? IpAddress::FromBytes(Family::kIpv4, words)
                                         : IpAddress::FromMapped(words);
}

absl::Status AddFamily(NetlinkSocket& netlink, uint8_t family, std::vector<UdpSocket>& sockets) {
  NetlinkMessage request(SOCK_DIAG_BY_FAMILY, 0);
  auto* wanted = request.Header<inet_diag_req_v2>();
  wanted->sdiag_family = family;
  wanted->sdiag_protocol = IPPROTO_UDP;
  wanted->idiag_states = 1U << TCP_ESTABLISHED;  // connected, of UDP
  FL_ASSIGN_OR_RETURN(const NetlinkAnswers answers, netlink.Dump(request, "list UDP sockets"));
  answers.ForEach([&sockets](const nlmsghdr* answer) {
    if (mnl_nlmsg_get_payload_len(answer) < sizeof(inet_diag_msg)) return;
    inet_diag_msg message;
    std::memcpy(&message, mnl_nlmsg_get_payload(answer), sizeof(message));
    sockets.push_back(
        {.cookie = uint64_t{message.id.idiag_cookie[1]} << 32 | message.id.idiag_cookie[0],
         .inode = message.idiag_inode,
         .peer = {AddressOf(message), ntohs(message.id.idiag_dport)}});
  });
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<UdpSocket>> ListConnectedUdpSockets() {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open(NETLINK_SOCK_DIAG));
  std::vector<UdpSocket> sockets;
  FL_RETURN_IF_ERROR(AddFamily(netlink, AF_INET, sockets));
  FL_RETURN_IF_ERROR(AddFamily(netlink, AF_INET6, sockets));
  return sockets;
}

}  // namespace fairlead
