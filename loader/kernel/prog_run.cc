// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/prog_run.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sched.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

constexpr size_t kRoomToGrow = 256;
constexpr uint32_t kChecksumComplete = 1U << 2;  // BPF_F_TEST_SKB_CHECKSUM_COMPLETE, Linux 6.15

// Keeps the thread where it is, so that per-CPU results are the run's own.
class StayOnCpu {
 public:
  StayOnCpu() : cpu_(sched_getcpu()) {
    sched_getaffinity(0, sizeof(before_), &before_);
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(cpu_, &here);
    sched_setaffinity(0, sizeof(here), &here);
  }
  ~StayOnCpu() { sched_setaffinity(0, sizeof(before_), &before_); }
  StayOnCpu(const StayOnCpu&) = delete;
  StayOnCpu& operator=(const StayOnCpu&) = delete;
  int cpu() const { return cpu_; }

 private:
  int cpu_;
  cpu_set_t before_;
};

}  // namespace

namespace {

template <typename Context>
absl::StatusOr<ProgOutput> Run(int program_fd, const ProgInput& input, Context& context) {
  const StayOnCpu stay;
  ProgOutput output;
  output.cpu = static_cast<uint32_t>(stay.cpu());
  output.frame.resize(input.frame.size() + kRoomToGrow);
  LIBBPF_OPTS(bpf_test_run_opts, options);
  options.data_in = input.frame.data();
  options.data_size_in = static_cast<uint32_t>(input.frame.size());
  options.data_out = output.frame.data();
  options.data_size_out = static_cast<uint32_t>(output.frame.size());
  options.ctx_in = &context;
  options.ctx_size_in = sizeof(context);
  options.ctx_out = &context;
  options.ctx_size_out = sizeof(context);
  options.repeat = 1;
  options.flags = input.checksum_complete ? kChecksumComplete : 0;
  if (bpf_prog_test_run_opts(program_fd, &options) != 0) {
    return ErrnoStatus(errno, "run a program on a test packet");
  }
  output.verdict = options.retval;
  output.frame.resize(options.data_size_out);
  return output;
}

}  // namespace

absl::StatusOr<ProgOutput> RunOnce(int program_fd, const ProgInput& input) {
  __sk_buff context{};
  context.ifindex = input.ifindex;
  context.mark = input.mark;
  context.gso_size = input.gso_size;
  context.gso_segs = input.gso_segs;
  FL_ASSIGN_OR_RETURN(ProgOutput output, Run(program_fd, input, context));
  output.mark = context.mark;
  return output;
}

absl::StatusOr<ProgOutput> RunXdpOnce(int program_fd, const ProgInput& input) {
  xdp_md context{};
  context.ingress_ifindex = input.ifindex;
  context.data_end = static_cast<uint32_t>(input.frame.size());
  return Run(program_fd, input, context);
}

absl::StatusOr<uint32_t> RunSyscallProgram(int program_fd) {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (bpf_prog_test_run_opts(program_fd, &options) != 0) {
    return ErrnoStatus(errno, "run a program");
  }
  return options.retval;
}

}  // namespace fairlead
