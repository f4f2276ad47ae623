// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/clock.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "loader/kernel/bpf_object.h"
#include "loader/kernel/embedded_objects.h"
#include "loader/kernel/prog_run.h"

namespace fairlead {

absl::StatusOr<FlowClock> FlowClock::Load() {
  FL_ASSIGN_OR_RETURN(BpfObject object, BpfObject::Open("read_clock", ClockObject()));
  FL_RETURN_IF_ERROR(object.Load());
  FlowClock clock;
  FL_ASSIGN_OR_RETURN(clock.program_, object.TakeProgram());
  return clock;
}

absl::StatusOr<FlowClock> FlowClock::OpenPinned(const std::string& path) {
  FlowClock clock;
  clock.program_ = UniqueFd(bpf_obj_get(path.c_str()));
  if (!clock.program_.ok()) return ErrnoStatus(errno, "open pinned program " + path);
  return clock;
}

absl::Status FlowClock::Pin(const std::string& path) const {
  unlink(path.c_str());
  if (bpf_obj_pin(program_.get(), path.c_str()) != 0) return ErrnoStatus(errno, "pin " + path);
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> FlowClock::Now() const { return RunSyscallProgram(program_.get()); }

}  // namespace fairlead
