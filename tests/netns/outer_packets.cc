// SPDX-License-Identifier: Apache-2.0
//
// See outer_packets.h.
#include "tests/netns/outer_packets.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>

#include "base/errno_status.h"
#include "lab/network_namespace.h"

namespace fairlead::testing {
namespace {

constexpr size_t kUdpBytes = 8, kVxlanBytes = 8;
constexpr int kLargeBuffer = 4 << 20;

using Bytes = std::span<const uint8_t>;

uint16_t Word(Bytes bytes, size_t offset) {
  return static_cast<uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

struct IpHeader {
  IpAddress source, destination;
  uint8_t ecn = 0, protocol = 0;
  Bytes payload;
};

std::optional<IpHeader> ReadIp(Bytes bytes) {
  if (bytes.empty()) return std::nullopt;
  const bool is_v4 = bytes[0] >> 4 == 4;
  const size_t length = is_v4 ? (bytes[0] & 0xfU) * 4 : 40;
  if (bytes.size() < length) return std::nullopt;
  const Family family = is_v4 ? Family::kIpv4 : Family::kIpv6;
  const size_t addresses = is_v4 ? 12 : 8;
  const auto size = static_cast<size_t>(AddressBytes(family));
  const int traffic_class = is_v4 ? bytes[1] : Word(bytes, 0) >> 4;
  return IpHeader{.source = IpAddress::FromBytes(family, &bytes[addresses]),
                  .destination = IpAddress::FromBytes(family, &bytes[addresses + size]),
                  .ecn = static_cast<uint8_t>(traffic_class & 3),
                  .protocol = is_v4 ? bytes[9] : bytes[6],
                  .payload = bytes.subspan(length)};
}

bool HasPorts(const IpHeader& ip) {
  return (ip.protocol == IPPROTO_TCP || ip.protocol == IPPROTO_UDP) && ip.payload.size() >= 4;
}

std::optional<OuterPacket> ReadOuter(Bytes bytes, uint16_t tunnel_port) {
  const std::optional<IpHeader> outer = ReadIp(bytes);
  if (!outer || outer->protocol != IPPROTO_UDP ||
      outer->payload.size() < kUdpBytes + kVxlanBytes + ETH_HLEN ||
      Word(outer->payload, 2) != tunnel_port) {
    return std::nullopt;
  }
  const Bytes vxlan = outer->payload.subspan(kUdpBytes);
  const std::optional<IpHeader> inner = ReadIp(vxlan.subspan(kVxlanBytes + ETH_HLEN));
  if (!inner) return std::nullopt;
  const bool ports = HasPorts(*inner);
  return OuterPacket{
      .source = outer->source,
      .destination = outer->destination,
      .source_port = Word(outer->payload, 0),
      .ecn = outer->ecn,
      .vni = static_cast<uint32_t>(Word(vxlan, 4)) << 8 | vxlan[6],
      .inner_source = {inner->source, ports ? Word(inner->payload, 0) : uint16_t{0}},
      .inner_destination = {inner->destination, ports ? Word(inner->payload, 2) : uint16_t{0}},
      .inner_ecn = inner->ecn};
}

UniqueFd Listen() {
  UniqueFd socket(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_ll where{};
  where.sll_family = AF_PACKET;
  where.sll_protocol = htons(ETH_P_ALL);
  where.sll_ifindex = static_cast<int>(::if_nametoindex("eth0"));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kLargeBuffer, sizeof(kLargeBuffer));
  const void* address = &where;
  const bool bound =
      socket.ok() && where.sll_ifindex != 0 &&
      ::bind(socket.get(), static_cast<const sockaddr*>(address), sizeof(where)) == 0;
  return bound ? std::move(socket) : UniqueFd();
}

}  // namespace

OuterPackets::OuterPackets(const std::string& network_namespace, uint16_t tunnel_port)
    : tunnel_port_(tunnel_port) {
  const absl::Status status = lab::InNamespace(network_namespace, [this]() -> absl::Status {
    socket_ = Listen();
    return socket_.ok() ? absl::OkStatus() : ErrnoStatus(errno, "listen on eth0");
  });
  if (status.ok()) return;
  fmt::print(stderr, "{}: {}\n", network_namespace, status.ToString());
  std::abort();
}

std::vector<OuterPacket> OuterPackets::Take() {
  std::vector<OuterPacket> packets;
  std::array<uint8_t, 256> bytes{};
  while (true) {
    const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (size < 0) return packets;
    const auto packet = ReadOuter(Bytes(bytes.data(), static_cast<size_t>(size)), tunnel_port_);
    if (packet.has_value()) packets.push_back(*packet);
  }
}

}  // namespace fairlead::testing
