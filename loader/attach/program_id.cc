// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/program_id.h"

#include <bpf/bpf.h>

#include <cerrno>

#include "base/errno_status.h"

namespace fairlead::attach {

absl::StatusOr<uint32_t> ProgramId(int program_fd) {
  bpf_prog_info info{};
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(program_fd, &info, &length) == 0) return info.id;
  return ErrnoStatus(errno, "ask for the id of a program");
}

}  // namespace fairlead::attach
