// SPDX-License-Identifier: Apache-2.0
//
// TCX (Linux 6.6): a program on a device as a link of its own. libbpf 1.1 has no
// function for it, but passes the attach types through.
#ifndef FAIRLEAD_LOADER_ATTACH_TCX_H_
#define FAIRLEAD_LOADER_ATTACH_TCX_H_

#include <bpf/bpf.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead::attach {

bpf_attach_type TcxAttachType(bool ingress);

// Unimplemented: this kernel has no TCX.
absl::StatusOr<UniqueFd> CreateTcxLink(int program_fd, uint32_t ifindex, bool ingress);

// Puts the program behind the link pinned at `pin`, or attaches and pins it
// there if there is none for this device any more.
absl::Status AttachTcx(int program_fd, uint32_t ifindex, bool ingress, const std::string& pin);

}  // namespace fairlead::attach

#endif  // FAIRLEAD_LOADER_ATTACH_TCX_H_
