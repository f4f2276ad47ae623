// SPDX-License-Identifier: Apache-2.0
//
// An Endpoint as the socket calls want it, and back.
#ifndef FAIRLEAD_BASE_SOCKET_ADDRESS_H_
#define FAIRLEAD_BASE_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include "base/ip.h"

namespace fairlead {

struct SocketAddress {
  SocketAddress() = default;  // room for what accept(), recvfrom() and the like say
  explicit SocketAddress(const Endpoint& endpoint);

  // IPv4 in a socket of IPv6 is IPv4.
  Endpoint ToEndpoint() const;
  int domain() const { return storage.ss_family; }  // AF_INET, AF_INET6

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
};

}  // namespace fairlead

#endif  // FAIRLEAD_BASE_SOCKET_ADDRESS_H_
