// SPDX-License-Identifier: Apache-2.0
//
// BPF_PROG_TEST_RUN: run a loaded program on a packet of ours. Its limits are
// dealt with once, here: the interface must exist in the caller's network
// namespace, output may be longer than input, and per-CPU results are to be read
// on the CPU that ran the program.
#ifndef FAIRLEAD_LOADER_KERNEL_PROG_RUN_H_
#define FAIRLEAD_LOADER_KERNEL_PROG_RUN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace fairlead {

struct ProgInput {
  std::vector<std::byte> frame;  // from the Ethernet header on; at least 14 bytes
  uint32_t ifindex = 0;          // of the caller's network namespace
  uint32_t mark = 0;
  uint32_t gso_size = 0;  // not 0: a GSO packet of gso_segs segments
  uint32_t gso_segs = 0;
  bool checksum_complete = false;  // as if a device had summed it; the kernel checks our updates
};

struct ProgOutput {
  uint32_t verdict = 0;  // the program's return value
  std::vector<std::byte> frame;
  uint32_t mark = 0;
  uint32_t cpu = 0;  // where it ran
};

// Runs once. The thread is pinned to its CPU meanwhile.
absl::StatusOr<ProgOutput> RunOnce(int program_fd, const ProgInput& input);

// The same for an XDP program, which has a frame and an interface, and no more. The
// kernel wants an interface that some XDP program is attached to.
absl::StatusOr<ProgOutput> RunXdpOnce(int program_fd, const ProgInput& input);

// A SEC("syscall") program's return value.
absl::StatusOr<uint32_t> RunSyscallProgram(int program_fd);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_PROG_RUN_H_
