// SPDX-License-Identifier: Apache-2.0
//
// A node with --load-balancer-mode dsr, and a Service that is asked from outside.
#ifndef FAIRLEAD_TESTS_PACKET_DIRECT_RETURN_H_
#define FAIRLEAD_TESTS_PACKET_DIRECT_RETURN_H_

#include "tests/packet/asked_from_outside.h"

namespace fairlead::testing {

class DirectReturn : public AskedFromOutside {
 protected:
  static NodeOptions Options(plan::Routing routing) {
    NodeOptions options;
    options.routing.routing = routing;
    options.routing.direct_return = true;
    return options;
  }
  explicit DirectReturn(plan::Routing routing = plan::Routing::kNative)
      : AskedFromOutside(Options(routing)) {}

  // Until the flow has an object: the client's third packet.
  void Establish(const Packet& request) {
    node_.FromNetwork(request.Syn());
    node_.FromNetwork(request.Ack());
    node_.FromNetwork(request.Ack());
  }

  Peer third_ = node_.AddPeer("third");
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_PACKET_DIRECT_RETURN_H_
