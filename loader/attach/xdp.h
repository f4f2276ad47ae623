// SPDX-License-Identifier: Apache-2.0
//
// XDP: one program on a device, before the kernel makes packets of its frames; in
// the driver (native), or right behind it, where any device will do and little is
// gained (generic). A link each, so that a swap leaves no packet without a program,
// and nobody else's program is ever replaced.
#ifndef FAIRLEAD_LOADER_ATTACH_XDP_H_
#define FAIRLEAD_LOADER_ATTACH_XDP_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead::attach {

// AlreadyExists: another program has the device. Unimplemented: its driver has no XDP.
absl::StatusOr<UniqueFd> CreateXdpLink(int program_fd, uint32_t ifindex, bool native);

// Puts the program behind the link pinned at `pin`, or attaches and pins it there if
// there is none for this device in this way any more.
absl::Status AttachXdp(int program_fd, uint32_t ifindex, bool native, const std::string& pin);

// The program of the link at `pin` is the one on its device.
bool IsXdpAttached(int program_fd, uint32_t ifindex, const std::string& pin);

// How a device runs XDP programs now: "native", "generic", "offloaded"; "": it does not.
std::string XdpMode(uint32_t ifindex);

}  // namespace fairlead::attach

#endif  // FAIRLEAD_LOADER_ATTACH_XDP_H_
