// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/tcx.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead::attach {
namespace {

// enum bpf_attach_type of Linux 6.6; Debian's headers are older.
constexpr auto kTcxIngress = static_cast<bpf_attach_type>(46);
constexpr auto kTcxEgress = static_cast<bpf_attach_type>(47);

// A link whose device went away says index 0 (bpf_link_info.tcx.ifindex, the
// first word of the union).
bool IsOnDevice(int link, uint32_t ifindex) {
  bpf_link_info info{};
  uint32_t length = sizeof(info);
  return bpf_obj_get_info_by_fd(link, &info, &length) == 0 && info.xdp.ifindex == ifindex;
}

}  // namespace

bpf_attach_type TcxAttachType(bool ingress) { return ingress ? kTcxIngress : kTcxEgress; }

absl::StatusOr<UniqueFd> CreateTcxLink(int program_fd, uint32_t ifindex, bool ingress) {
  UniqueFd link(
      bpf_link_create(program_fd, static_cast<int>(ifindex), TcxAttachType(ingress), nullptr));
  if (link.ok()) return link;
  if (errno == EINVAL || errno == EOPNOTSUPP) {
    return absl::UnimplementedError("this kernel has no TCX");
  }
  return ErrnoStatus(errno, fmt::format("attach a program to device {} by TCX", ifindex));
}

absl::Status AttachTcx(int program_fd, uint32_t ifindex, bool ingress, const std::string& pin) {
  const UniqueFd existing(bpf_obj_get(pin.c_str()));
  if (existing.ok() && IsOnDevice(existing.get(), ifindex)) {
    if (bpf_link_update(existing.get(), program_fd, nullptr) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, "swap the program behind " + pin);
  }
  FL_ASSIGN_OR_RETURN(const UniqueFd link, CreateTcxLink(program_fd, ifindex, ingress));
  unlink(pin.c_str());  // of a device that had this index before
  if (bpf_obj_pin(link.get(), pin.c_str()) != 0) return ErrnoStatus(errno, "pin " + pin);
  return absl::OkStatus();
}

}  // namespace fairlead::attach
