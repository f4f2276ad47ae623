// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/group_reports.h"

#include "tests/dsl/address_plan.h"

namespace fairlead::testing {
namespace {

constexpr uint8_t kIgmp = 2;

void Put16(Bytes& out, uint32_t value) {
  out.push_back(static_cast<std::byte>(value >> 8));
  out.push_back(static_cast<std::byte>(value));
}

void PutIp(Bytes& out, const IpAddress& address) {
  for (int i = 0; i < AddressBytes(address.family()); ++i) {
    out.push_back(std::byte{address.bytes()[i]});
  }
}

Packet Igmp(const Pod& pod, const char* to, const Bytes& message) {
  const void* data = message.data();
  return WithProtocol(kIgmp, pod.address, Must(IpAddress::Parse(to)))
      .HopLimit(1)
      .IpOptions(1)
      .Payload(std::string_view(static_cast<const char*>(data), message.size()));
}

Packet Mld(const Pod& pod, const IpAddress& to, uint8_t type, uint32_t rest, const Bytes& body) {
  return Icmp(LinkAddress(pod), to, type, 0, rest, body).HopLimit(1).Behind(kHopByHop);
}

bool IsIpv4(const Pod& pod) { return pod.address.family() == Family::kIpv4; }

Packet OldIgmp(const Pod& pod, uint8_t type, const std::string& to, const IpAddress& group) {
  Bytes message;
  Put16(message, static_cast<uint32_t>(type) << 8);
  Put16(message, 0);
  PutIp(message, group);
  return Igmp(pod, to.c_str(), message);
}

}  // namespace

IpAddress LinkAddress(const Pod& pod) {
  const MacAddress& mac = pod.mac;
  return Must(
      IpAddress::Parse(fmt::format("fe80::{:x}:{:x}:{:x}:{:x}", (mac[0] ^ 2) << 8 | mac[1],
                                   mac[2] << 8 | 0xff, 0xfe00 | mac[3], mac[4] << 8 | mac[5])));
}

Packet GroupReport(const Pod& pod, const std::vector<GroupRecord>& records) {
  Bytes body;
  for (const GroupRecord& record : records) {
    Put16(body, static_cast<uint32_t>(record.type) << 8);
    Put16(body, static_cast<uint32_t>(record.sources.size()));
    PutIp(body, record.group);
    for (const IpAddress& source : record.sources) PutIp(body, source);
  }
  const auto count = static_cast<uint32_t>(records.size());
  if (!IsIpv4(pod)) return Mld(pod, Must(IpAddress::Parse("ff02::16")), 143, count, body);
  Bytes message;
  for (const uint32_t word : {0x2200U, 0U, 0U, count}) Put16(message, word);
  message.insert(message.end(), body.begin(), body.end());
  return Igmp(pod, "224.0.0.22", message);
}

Packet JoinGroup(const Pod& pod, const IpAddress& group) {
  return GroupReport(pod, {{RecordType::kToExclude, group}});
}

Packet LeaveGroup(const Pod& pod, const IpAddress& group) {
  return GroupReport(pod, {{RecordType::kToInclude, group}});
}

Packet OldJoin(const Pod& pod, const IpAddress& group) {
  if (IsIpv4(pod)) return OldIgmp(pod, 0x16, group.ToString(), group);
  Bytes body;
  PutIp(body, group);
  return Mld(pod, group, 131, 0, body);
}

Packet OldLeave(const Pod& pod, const IpAddress& group) {
  if (IsIpv4(pod)) return OldIgmp(pod, 0x17, "224.0.0.2", group);
  Bytes body;
  PutIp(body, group);
  return Mld(pod, Must(IpAddress::Parse("ff02::2")), 132, 0, body);
}

}  // namespace fairlead::testing
