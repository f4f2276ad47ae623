// SPDX-License-Identifier: Apache-2.0
//
// Says which pods found no source port for the world. A line per pod and
// minute: a pod that has opened too many connections to one destination goes
// on trying.
#ifndef FAIRLEAD_LOADER_DAEMON_REFUSAL_LOG_H_
#define FAIRLEAD_LOADER_DAEMON_REFUSAL_LOG_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "loader/pods/local_pod.h"
#include "maps/core/mapped_array.h"

namespace fairlead {

class RefusalLog {
 public:
  using Clock = std::chrono::steady_clock;

  // Compares the counters with what they were. Price: FL_MAX_PODS numbers.
  // True if some pod has been refused more since.
  bool Look(const MappedArray<uint32_t>& refused);
  // Logs what has been seen and not been said yet, as far as it is time.
  void Say(const std::vector<LocalPod>& pods, Clock::time_point now);
  bool has_unsaid() const { return !unsaid_.empty(); }

 private:
  std::vector<uint32_t> seen_;
  std::map<uint32_t, uint32_t> unsaid_;         // slot → refusals
  std::map<uint32_t, Clock::time_point> next_;  // slot → when it may be named again
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_REFUSAL_LOG_H_
