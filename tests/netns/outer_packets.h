// SPDX-License-Identifier: Apache-2.0
//
// What of tunnels is seen on a node's uplink: the outer headers, and which flow
// is inside.
#ifndef FAIRLEAD_TESTS_NETNS_OUTER_PACKETS_H_
#define FAIRLEAD_TESTS_NETNS_OUTER_PACKETS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/unique_fd.h"

namespace fairlead::testing {

struct OuterPacket {
  IpAddress source, destination;
  uint16_t source_port = 0;  // UDP
  uint8_t ecn = 0;           // 0 to 3
  uint32_t vni = 0;
  Endpoint inner_source, inner_destination;  // port 0: not TCP or UDP
  uint8_t inner_ecn = 0;
};

// Listens from its construction on, on eth0 of a namespace, to both directions.
class OuterPackets {
 public:
  OuterPackets(const std::string& network_namespace, uint16_t tunnel_port);

  // What has come since, without waiting.
  std::vector<OuterPacket> Take();

 private:
  uint16_t tunnel_port_;
  UniqueFd socket_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_NETNS_OUTER_PACKETS_H_
