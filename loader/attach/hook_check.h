// SPDX-License-Identifier: Apache-2.0
//
// Who else is on a hook of a device? For CNI CHECK. Only looks.
#ifndef FAIRLEAD_LOADER_ATTACH_HOOK_CHECK_H_
#define FAIRLEAD_LOADER_ATTACH_HOOK_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/attach/hook_links.h"

namespace fairlead::attach {

// A program on one direction of a device, or a filter that is no BPF program.
struct Attached {
  uint32_t program_id = 0;  // 0: no BPF program
  std::string name;
};

// In the order in which packets meet them. Programs of the other mechanism are
// not listed: TCX comes first, and our programs leave nothing to clsact.
absl::StatusOr<std::vector<Attached>> ListAttached(uint32_t ifindex, bool ingress,
                                                   Mechanism mechanism);

// FailedPrecondition, saying what is wrong and what helps, unless `present`
// are the programs `ours` and nobody else. `where`: "from_pod on fl00001".
absl::Status CompareAttached(const std::string& where, const std::vector<uint32_t>& ours,
                             const std::vector<Attached>& present);

}  // namespace fairlead::attach

#endif  // FAIRLEAD_LOADER_ATTACH_HOOK_CHECK_H_
