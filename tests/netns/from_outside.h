// SPDX-License-Identifier: Apache-2.0
//
// Two nodes, a Service with one endpoint, and a client outside that asks for it
// at node1, by a NodePort and by an external IP that the fabric leads there.
#ifndef FAIRLEAD_TESTS_NETNS_FROM_OUTSIDE_H_
#define FAIRLEAD_TESTS_NETNS_FROM_OUTSIDE_H_

#include <string>

#include "tests/netns/two_nodes.h"

namespace fairlead::testing {

constexpr uint16_t kNodePort = 30080;
constexpr uint16_t kProcessPort = 9100;

class FromOutside : public TwoNodes {
 protected:
  struct Ways {
    std::string protocol = "TCP";
    bool local_only = false;
    bool ready = true;
  };

  Endpoint Door() const { return {AddressOf(node(1)), kNodePort}; }
  Endpoint Vip() const;

  // The fabric leads the external IP to node1, as BGP would.
  void RouteVip();

  // A NodePort Service with an external IP, whose only endpoint is `backend`.
  void Serve(const Endpoint& backend, const std::string& on_node, const Ways& ways);

  // That `server` is there, under that address, and a megabyte passes in either direction.
  void ExpectReached(const Endpoint& door, const std::string& server, const IpAddress& seen_as);

  // That a datagram of so many bytes comes back.
  void ExpectEchoed(const Endpoint& door, size_t bytes);
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_NETNS_FROM_OUTSIDE_H_
