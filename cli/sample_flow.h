// SPDX-License-Identifier: Apache-2.0
//
// For tests: flow objects as the programs write them, in either family.
#ifndef FAIRLEAD_CLI_SAMPLE_FLOW_H_
#define FAIRLEAD_CLI_SAMPLE_FLOW_H_

#include <arpa/inet.h>

#include "base/ip.h"
#include "maps/abi/abi_of.h"

namespace fairlead::testing {

// Addresses of the tests, by family.
inline Endpoint At(Family family, const char* ip4, const char* ip6, uint16_t port) {
  return {*IpAddress::Parse(family == Family::kIpv4 ? ip4 : ip6), port};
}
inline Endpoint Client(Family f) { return At(f, "10.244.0.2", "fd00:244::2", 40000); }
inline Endpoint Web(Family f) { return At(f, "10.96.0.10", "fd00:96::10", 80); }
inline Endpoint Backend(Family f) { return At(f, "10.244.0.3", "fd00:244::3", 8080); }
inline Endpoint NodePort(Family f) { return At(f, "172.18.0.2", "fd00:18::2", 10001); }

template <typename Side, typename Ip>
void SetLeaves(Side& side, const Endpoint& source, const Endpoint& destination, Ip /*ip*/) {
  side.source = ToAbi<Ip>(source.address);
  side.source_port = htons(source.port);
  side.destination = ToAbi<Ip>(destination.address);
  side.destination_port = htons(destination.port);
}

// client → frontend leaves as source → backend; the reply's side is its mirror.
// Established at `now`, backend number 5, generation 2.
template <typename Abi>
typename Abi::Flow SampleFlow(const Endpoint& client, const Endpoint& frontend,
                              const Endpoint& source, const Endpoint& backend, uint32_t now,
                              Protocol protocol = Protocol::kTcp) {
  typename Abi::Flow flow{};
  for (auto& side : flow.side) {
    side.generation = 1;
    side.created = side.last_seen = now | 1;
    side.protocol = static_cast<uint8_t>(protocol);
    side.backend = BACKEND_NONE;
    side.policy_epoch = 1;
  }
  SetLeaves(flow.side[SIDE_ORIGIN], source, backend, typename Abi::Ip{});
  SetLeaves(flow.side[SIDE_REPLY], frontend, client, typename Abi::Ip{});
  flow.side[SIDE_ORIGIN].backend = 5;
  flow.side[SIDE_ORIGIN].backend_generation = 2;
  flow.side[SIDE_ORIGIN].flags = flow.side[SIDE_REPLY].flags = FLOW_HAS_WINDOW;
  flow.side[SIDE_ORIGIN].packets = 12;
  flow.side[SIDE_REPLY].packets = 11;
  flow.side[SIDE_ORIGIN].exit = EXIT_POD;
  flow.side[SIDE_ORIGIN].exit_target = 3;
  return flow;
}

}  // namespace fairlead::testing

#endif  // FAIRLEAD_CLI_SAMPLE_FLOW_H_
