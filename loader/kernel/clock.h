// SPDX-License-Identifier: Apache-2.0
//
// The clock of the flow tables, read from the kernel by a program of ours.
#ifndef FAIRLEAD_LOADER_KERNEL_CLOCK_H_
#define FAIRLEAD_LOADER_KERNEL_CLOCK_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead {

class FlowClock {
 public:
  // Loads the program.
  static absl::StatusOr<FlowClock> Load();
  // The one that a daemon has pinned.
  static absl::StatusOr<FlowClock> OpenPinned(const std::string& path);

  absl::Status Pin(const std::string& path) const;  // replaces an older pin
  absl::StatusOr<uint32_t> Now() const;             // the low half of jiffies

 private:
  UniqueFd program_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_CLOCK_H_
