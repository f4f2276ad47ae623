// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/clsact.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cerrno>

#include "base/errno_status.h"
#include "loader/kernel/libbpf_log.h"

namespace fairlead::attach {
namespace {

constexpr uint32_t kHandle = 0xfa1;

bpf_tc_hook MakeHook(uint32_t ifindex, bool ingress) {
  bpf_tc_hook hook{};
  hook.sz = sizeof(hook);
  hook.ifindex = static_cast<int>(ifindex);
  hook.attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
  return hook;
}

}  // namespace

absl::Status AttachClsact(int program_fd, uint32_t ifindex, bool ingress, Family family) {
  const LibbpfLog log;
  bpf_tc_hook hook = MakeHook(ifindex, ingress);
  if (const int error = bpf_tc_hook_create(&hook); error != 0 && error != -EEXIST) {
    return ErrnoStatus(error, fmt::format("create clsact on device {}", ifindex));
  }
  bpf_tc_opts options{};
  options.sz = sizeof(options);
  options.prog_fd = program_fd;
  options.flags = BPF_TC_F_REPLACE;
  options.handle = kHandle;
  options.priority = static_cast<uint32_t>(family);  // 4 before 6
  if (const int error = bpf_tc_attach(&hook, &options); error != 0) {
    return ErrnoStatus(error, fmt::format("attach a program to device {} by clsact", ifindex));
  }
  return absl::OkStatus();
}

absl::Status DetachClsact(uint32_t ifindex, bool ingress, Family family) {
  const LibbpfLog log;
  bpf_tc_hook hook = MakeHook(ifindex, ingress);
  bpf_tc_opts options{};
  options.sz = sizeof(options);
  options.handle = kHandle;
  options.priority = static_cast<uint32_t>(family);
  const int error = bpf_tc_detach(&hook, &options);
  if (error == 0 || error == -ENOENT || error == -ENODEV || error == -EINVAL) {
    return absl::OkStatus();
  }
  return ErrnoStatus(error, fmt::format("detach from device {}", ifindex));
}

}  // namespace fairlead::attach
