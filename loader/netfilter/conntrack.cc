// SPDX-License-Identifier: Apache-2.0
#include "loader/netfilter/conntrack.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <optional>

#include "base/status_macros.h"

namespace fairlead {
namespace {

constexpr uint16_t MessageType(uint16_t type) {
  return static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
}

void PutHeader(NetlinkMessage& message, Family family) {
  auto* header = message.Header<nfgenmsg>();
  header->nfgen_family = static_cast<uint8_t>(AddressFamily(family));
  header->version = NFNETLINK_V0;
}

// The kernel skips the others itself.
void PutTranslatedOnly(NetlinkMessage& message) {
  const uint32_t wanted = htonl(IPS_DST_NAT);
  message.PutU32(CTA_STATUS, wanted);
  message.PutU32(CTA_STATUS_MASK, wanted);
}

uint8_t U8(const nlattr* attribute) {
  return attribute != nullptr && mnl_attr_get_payload_len(attribute) >= 1
             ? mnl_attr_get_u8(attribute)
             : uint8_t{0};
}

uint16_t Port(const nlattr* attribute) {
  return attribute != nullptr && mnl_attr_get_payload_len(attribute) >= 2
             ? ntohs(mnl_attr_get_u16(attribute))
             : uint16_t{0};
}

bool HasPorts(uint8_t protocol) {
  return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

// False if it is of a protocol without ports, or says less than we need.
bool ReadTuple(const nlattr* nest, Endpoint& source, Endpoint& destination, Protocol& protocol) {
  if (nest == nullptr) return false;
  const NetlinkAttributes<CTA_TUPLE_MAX> tuple(nest);
  if (tuple[CTA_TUPLE_IP] == nullptr || tuple[CTA_TUPLE_PROTO] == nullptr) return false;
  const NetlinkAttributes<CTA_IP_MAX> ip(tuple[CTA_TUPLE_IP]);
  const nlattr* from = ip[CTA_IP_V4_SRC] != nullptr ? ip[CTA_IP_V4_SRC] : ip[CTA_IP_V6_SRC];
  const nlattr* to = ip[CTA_IP_V4_DST] != nullptr ? ip[CTA_IP_V4_DST] : ip[CTA_IP_V6_DST];
  if (from == nullptr || to == nullptr || !ReadAddress(from, &source.address) ||
      !ReadAddress(to, &destination.address)) {
    return false;
  }
  const NetlinkAttributes<CTA_PROTO_MAX> proto(tuple[CTA_TUPLE_PROTO]);
  const uint8_t number = U8(proto[CTA_PROTO_NUM]);
  if (!HasPorts(number)) return false;
  protocol = static_cast<Protocol>(number);
  source.port = Port(proto[CTA_PROTO_SRC_PORT]);
  destination.port = Port(proto[CTA_PROTO_DST_PORT]);
  return true;
}

// True if the connection is in the state in which data flows both ways.
bool ReadTcp(const nlattr* protocol_info, TrackedConnection& connection) {
  if (protocol_info == nullptr) return false;
  const NetlinkAttributes<CTA_PROTOINFO_MAX> info(protocol_info);
  if (info[CTA_PROTOINFO_TCP] == nullptr) return false;
  const NetlinkAttributes<CTA_PROTOINFO_TCP_MAX> tcp(info[CTA_PROTOINFO_TCP]);
  connection.window_scale = {U8(tcp[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL]),
                             U8(tcp[CTA_PROTOINFO_TCP_WSCALE_REPLY])};
  return U8(tcp[CTA_PROTOINFO_TCP_STATE]) == TCP_CONNTRACK_ESTABLISHED;
}

std::optional<TrackedConnection> ReadConnection(const nlmsghdr* message) {
  const NetlinkAttributes<CTA_MAX> attributes(message, sizeof(nfgenmsg));
  const uint32_t status = ntohl(attributes.U32(CTA_STATUS));
  if ((status & IPS_DST_NAT) == 0) return std::nullopt;
  TrackedConnection connection;
  Protocol reply_protocol;
  if (!ReadTuple(attributes[CTA_TUPLE_ORIG], connection.source, connection.destination,
                 connection.protocol) ||
      !ReadTuple(attributes[CTA_TUPLE_REPLY], connection.reply_source, connection.reply_destination,
                 reply_protocol)) {
    return std::nullopt;
  }
  connection.established = (status & IPS_SEEN_REPLY) != 0;
  if (connection.protocol == Protocol::kTcp) {
    connection.established &= ReadTcp(attributes[CTA_PROTOINFO], connection);
  }
  connection.zone = Port(attributes[CTA_ZONE]);
  return connection;
}

void PutTuple(NetlinkMessage& message, const TrackedConnection& connection) {
  const bool v4 = connection.source.address.family() == Family::kIpv4;
  nlattr* tuple = message.Begin(CTA_TUPLE_ORIG);
  nlattr* ip = message.Begin(CTA_TUPLE_IP);
  message.PutAddress(v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, connection.source.address);
  message.PutAddress(v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, connection.destination.address);
  message.End(ip);
  nlattr* proto = message.Begin(CTA_TUPLE_PROTO);
  message.PutU8(CTA_PROTO_NUM, static_cast<uint8_t>(connection.protocol));
  const uint16_t source = htons(connection.source.port);
  const uint16_t destination = htons(connection.destination.port);
  message.Put(CTA_PROTO_SRC_PORT, &source, sizeof(source));
  message.Put(CTA_PROTO_DST_PORT, &destination, sizeof(destination));
  message.End(proto);
  message.End(tuple);
}

}  // namespace

absl::StatusOr<std::vector<TrackedConnection>> ListTranslatedConnections(NetlinkSocket& netfilter) {
  std::vector<TrackedConnection> connections;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    NetlinkMessage message(MessageType(IPCTNL_MSG_CT_GET), 0);
    PutHeader(message, family);
    PutTranslatedOnly(message);
    const absl::StatusOr<NetlinkAnswers> answers = netfilter.Dump(message, "list connections");
    // No such part in this kernel: nobody's rules can have connections.
    if (absl::IsUnimplemented(answers.status()) || absl::IsInvalidArgument(answers.status())) {
      return connections;
    }
    FL_RETURN_IF_ERROR(answers.status());
    answers->ForEach([&connections](const nlmsghdr* answer) {
      if (auto connection = ReadConnection(answer)) connections.push_back(*connection);
    });
  }
  return connections;
}

absl::Status DeleteConnection(NetlinkSocket& netfilter, const TrackedConnection& connection) {
  NetlinkMessage message(MessageType(IPCTNL_MSG_CT_DELETE), 0);
  PutHeader(message, connection.source.address.family());
  PutTuple(message, connection);
  const uint16_t zone = htons(connection.zone);
  if (zone != 0) message.Put(CTA_ZONE, &zone, sizeof(zone));
  const absl::Status status = netfilter.Request(
      message, fmt::format("delete connection {} to {}", connection.source.ToString(),
                           connection.destination.ToString()));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace fairlead
