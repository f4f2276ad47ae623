// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/xdp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "loader/attach/program_id.h"

namespace fairlead::attach {
namespace {

// nullopt: there is no such link. A link whose device went away says index 0.
std::optional<bpf_link_info> InfoOf(const std::string& pin) {
  const UniqueFd link(bpf_obj_get(pin.c_str()));
  bpf_link_info info{};
  uint32_t length = sizeof(info);
  if (!link.ok() || bpf_obj_get_info_by_fd(link.get(), &info, &length) != 0 ||
      info.type != BPF_LINK_TYPE_XDP) {
    return std::nullopt;
  }
  return info;
}

}  // namespace

absl::StatusOr<UniqueFd> CreateXdpLink(int program_fd, uint32_t ifindex, bool native) {
  LIBBPF_OPTS(bpf_link_create_opts, options);
  options.flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
  UniqueFd link(bpf_link_create(program_fd, static_cast<int>(ifindex), BPF_XDP, &options));
  if (link.ok()) return link;
  switch (errno) {
    case EBUSY:
    case EEXIST:
      return absl::AlreadyExistsError("another XDP program is on the device");
    case EOPNOTSUPP:
      return absl::UnimplementedError("the device's driver has no XDP");
  }
  return ErrnoStatus(errno, fmt::format("attach a program to device {} by XDP", ifindex));
}

absl::Status AttachXdp(int program_fd, uint32_t ifindex, bool native, const std::string& pin) {
  const UniqueFd existing(bpf_obj_get(pin.c_str()));
  const std::optional<bpf_link_info> info = InfoOf(pin);
  if (existing.ok() && info.has_value() && info->xdp.ifindex == ifindex) {
    if (XdpMode(ifindex) == (native ? "native" : "generic")) {
      if (bpf_link_update(existing.get(), program_fd, nullptr) == 0) return absl::OkStatus();
      return ErrnoStatus(errno, "swap the program behind " + pin);
    }
    // A device has one way at a time.
    bpf_link_detach(existing.get());
  }
  FL_ASSIGN_OR_RETURN(const UniqueFd link, CreateXdpLink(program_fd, ifindex, native));
  unlink(pin.c_str());  // of a device that had this index before
  if (bpf_obj_pin(link.get(), pin.c_str()) != 0) return ErrnoStatus(errno, "pin " + pin);
  return absl::OkStatus();
}

bool IsXdpAttached(int program_fd, uint32_t ifindex, const std::string& pin) {
  const std::optional<bpf_link_info> info = InfoOf(pin);
  const absl::StatusOr<uint32_t> id = ProgramId(program_fd);
  return info.has_value() && id.ok() && info->xdp.ifindex == ifindex && info->prog_id == *id;
}

std::string XdpMode(uint32_t ifindex) {
  LIBBPF_OPTS(bpf_xdp_query_opts, query);
  if (bpf_xdp_query(static_cast<int>(ifindex), 0, &query) != 0) return "";
  switch (query.attach_mode) {
    case XDP_ATTACHED_DRV:
      return "native";
    case XDP_ATTACHED_SKB:
      return "generic";
    case XDP_ATTACHED_HW:
      return "offloaded";
    default:
      return "";
  }
}

}  // namespace fairlead::attach
