// SPDX-License-Identifier: Apache-2.0
#include "base/socket_address.h"

#include <netinet/in.h>

#include <cstring>

namespace fairlead {

SocketAddress::SocketAddress(const Endpoint& endpoint) {
  if (endpoint.address.family() == Family::kIpv4) {
    auto* address = reinterpret_cast<sockaddr_in*>(&storage);
    address->sin_family = AF_INET;
    address->sin_port = htons(endpoint.port);
    std::memcpy(&address->sin_addr, endpoint.address.bytes(), sizeof(address->sin_addr));
    size = sizeof(*address);
  } else {
    auto* address = reinterpret_cast<sockaddr_in6*>(&storage);
    address->sin6_family = AF_INET6;
    address->sin6_port = htons(endpoint.port);
    std::memcpy(&address->sin6_addr, endpoint.address.bytes(), sizeof(address->sin6_addr));
    size = sizeof(*address);
  }
}

Endpoint SocketAddress::ToEndpoint() const {
  if (storage.ss_family == AF_INET) {
    const auto* address = reinterpret_cast<const sockaddr_in*>(&storage);
    return {IpAddress::FromBytes(Family::kIpv4, &address->sin_addr), ntohs(address->sin_port)};
  }
  const auto* address = reinterpret_cast<const sockaddr_in6*>(&storage);
  return {IpAddress::FromMapped(&address->sin6_addr), ntohs(address->sin6_port)};
}

}  // namespace fairlead
