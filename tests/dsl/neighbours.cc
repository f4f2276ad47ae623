// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/neighbours.h"

#include "tests/dsl/address_plan.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

constexpr MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr uint8_t kSolicitation = 135, kAdvertisement = 136;

void Put(Bytes& out, std::initializer_list<int> bytes) {
  for (const int byte : bytes) out.push_back(static_cast<std::byte>(byte));
}
void Put(Bytes& out, const MacAddress& mac) {
  for (const uint8_t byte : mac) out.push_back(std::byte{byte});
}
void Put(Bytes& out, const IpAddress& address) {
  for (int i = 0; i < AddressBytes(address.family()); ++i) {
    out.push_back(std::byte{address.bytes()[i]});
  }
}

}  // namespace

IpAddress GatewayAddress(Family family) { return Ip(family, "169.254.1.1", "fe80::1"); }

Packet ArpPacket(uint16_t operation, const MacAddress& sender_mac, const IpAddress& sender,
                 const MacAddress& target_mac, const IpAddress& target) {
  Bytes frame;
  Put(frame, operation == 1 ? kBroadcast : target_mac);
  Put(frame, sender_mac);
  Put(frame, {8, 6, 0, 1, 8, 0, 6, 4, 0, operation});
  Put(frame, sender_mac);
  Put(frame, sender);
  Put(frame, target_mac);
  Put(frame, target);
  return Packet::OfBytes(frame);
}

Packet NeighbourSolicitation(const Pod& pod, const IpAddress& from, const IpAddress& target) {
  Bytes body;
  Put(body, target);
  if (!from.IsUnspecified()) {
    Put(body, {1, 1});
    Put(body, pod.mac);
  }
  return Icmp(from, target, kSolicitation, 0, 0, body).HopLimit(255);
}

Packet NeighbourRequest(const Pod& pod, const IpAddress& target) {
  if (target.family() == Family::kIpv6) return NeighbourSolicitation(pod, pod.address, target);
  return ArpPacket(1, pod.mac, pod.address, MacAddress{}, target);
}

Packet NeighbourReply(const Pod& pod) {
  const IpAddress gateway = GatewayAddress(pod.address.family());
  if (gateway.family() == Family::kIpv4) {
    return ArpPacket(2, kGatewayMac, gateway, pod.mac, pod.address);
  }
  Bytes body;
  Put(body, gateway);
  Put(body, {2, 1});
  Put(body, kGatewayMac);
  return Icmp(gateway, pod.address, kAdvertisement, 0, 0xe0000000, body).HopLimit(255);
}

}  // namespace fairlead::testing
