// SPDX-License-Identifier: Apache-2.0
//
// What reading the Services and EndpointSlices of a cluster costs by itself: the
// real reflectors, fed from memory.
#ifndef FAIRLEAD_BENCH_STATE_OWN_WORK_H_
#define FAIRLEAD_BENCH_STATE_OWN_WORK_H_

#include <chrono>
#include <cstdint>

#include "tests/apiserver/api.h"

namespace fairlead::bench {

struct OwnWork {
  std::chrono::nanoseconds cpu{0};  // of this thread, without what the server does
  uint64_t bytes = 0;
  size_t objects = 0;
};

// The first lists of what `--mode proxy` needs: Services, EndpointSlices, and this node.
OwnWork ReadServicesFromMemory(apiserver::Api& api);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_STATE_OWN_WORK_H_
