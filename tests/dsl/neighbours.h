// SPDX-License-Identifier: Apache-2.0
//
// ARP (RFC 826) and neighbour discovery (RFC 4861) as a pod's stack sends them,
// and the answers it expects of its gateway.
#ifndef FAIRLEAD_TESTS_DSL_NEIGHBOURS_H_
#define FAIRLEAD_TESTS_DSL_NEIGHBOURS_H_

#include "tests/dsl/node.h"

namespace fairlead::testing {

IpAddress GatewayAddress(Family family);

// "Who has `target`?", in the pod's family.
Packet NeighbourRequest(const Pod& pod, const IpAddress& target);
// "The gateway is here."
Packet NeighbourReply(const Pod& pod);

Packet ArpPacket(uint16_t operation, const MacAddress& sender_mac, const IpAddress& sender,
                 const MacAddress& target_mac, const IpAddress& target);
// With the source's link-layer address as an option, unless the source is ::.
Packet NeighbourSolicitation(const Pod& pod, const IpAddress& from, const IpAddress& target);

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_NEIGHBOURS_H_
