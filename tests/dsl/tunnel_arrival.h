// SPDX-License-Identifier: Apache-2.0
//
// A program for RunOnce that lets packets arrive out of a tunnel.
#ifndef FAIRLEAD_TESTS_DSL_TUNNEL_ARRIVAL_H_
#define FAIRLEAD_TESTS_DSL_TUNNEL_ARRIVAL_H_

#include "base/ip.h"
#include "loader/kernel/bpf_object.h"

namespace fairlead::testing {

// The outside of a tunnelled packet, as far as anybody looks at it.
struct Outer {
  IpAddress source;
  uint32_t vni = 1;
};

class TunnelArrival {
 public:
  static TunnelArrival& Get();  // of this process

  // The program to run so that `program` sees the packet come from `outer`.
  // Valid until the next call.
  int Before(int program, const Outer& outer);

 private:
  TunnelArrival();

  BpfObject object_;
  int program_ = -1;
  int outer_map_ = -1;
  int target_map_ = -1;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_TUNNEL_ARRIVAL_H_
