// SPDX-License-Identifier: Apache-2.0
#ifndef FAIRLEAD_LOADER_ATTACH_PROGRAM_ID_H_
#define FAIRLEAD_LOADER_ATTACH_PROGRAM_ID_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace fairlead::attach {

// What the kernel calls a loaded program, whoever holds it.
absl::StatusOr<uint32_t> ProgramId(int program_fd);

}  // namespace fairlead::attach

#endif  // FAIRLEAD_LOADER_ATTACH_PROGRAM_ID_H_
