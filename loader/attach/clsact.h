// SPDX-License-Identifier: Apache-2.0
//
// clsact: a qdisc with two filter chains, for kernels without TCX. Filters are
// the device's, not ours: they carry our priorities and a handle to know them.
#ifndef FAIRLEAD_LOADER_ATTACH_CLSACT_H_
#define FAIRLEAD_LOADER_ATTACH_CLSACT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "base/ip.h"

namespace fairlead::attach {

// Attaches, or replaces our filter of that family.
absl::Status AttachClsact(int program_fd, uint32_t ifindex, bool ingress, Family family);
// The filter or the device may be gone. The qdisc stays: others may use it.
absl::Status DetachClsact(uint32_t ifindex, bool ingress, Family family);

}  // namespace fairlead::attach

#endif  // FAIRLEAD_LOADER_ATTACH_CLSACT_H_
