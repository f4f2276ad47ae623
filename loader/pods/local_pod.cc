// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/local_pod.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "maps/abi/limits_abi.h"

namespace fairlead {

std::string HostDeviceName(uint32_t slot) { return fmt::format("fl{:05}", slot); }

bool IsPodIfindex(uint32_t ifindex) { return ifindex - FL_POD_IFINDEX_BASE < FL_MAX_PODS; }

IpAddress GatewayAddress(Family family) {
  if (family == Family::kIpv6) {
    constexpr uint8_t kBytes[16] = FL_GATEWAY_IP6;
    return IpAddress::FromBytes(family, kBytes);
  }
  const uint32_t network_order = htonl(FL_GATEWAY_IP4);
  return IpAddress::FromBytes(family, &network_order);
}

MacAddress GatewayMac() { return MacAddress(FL_GATEWAY_MAC); }

}  // namespace fairlead
