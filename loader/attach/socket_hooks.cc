// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/socket_hooks.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <mntent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "loader/kernel/socket_programs.h"

namespace fairlead::attach {
namespace {

// Linux 5.14; Debian's headers are older than some of its users.
constexpr int kNetnsCookie = 71;  // SO_NETNS_COOKIE

// The cgroup's number is its directory's inode.
bool IsAt(int link, uint64_t cgroup_id) {
  bpf_link_info info{};
  uint32_t length = sizeof(info);
  return bpf_obj_get_info_by_fd(link, &info, &length) == 0 && info.type == BPF_LINK_TYPE_CGROUP &&
         info.cgroup.cgroup_id == cgroup_id;
}

absl::Status AttachOne(const bpf_program* program, int cgroup, uint64_t cgroup_id,
                       const std::string& pin) {
  const int fd = bpf_program__fd(program);
  const UniqueFd existing(bpf_obj_get(pin.c_str()));
  if (existing.ok() && IsAt(existing.get(), cgroup_id)) {
    if (bpf_link_update(existing.get(), fd, nullptr) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, "swap the program behind " + pin);
  }
  const UniqueFd link(
      bpf_link_create(fd, cgroup, bpf_program__expected_attach_type(program), nullptr));
  if (!link.ok()) return ErrnoStatus(errno, fmt::format("attach {}", bpf_program__name(program)));
  unlink(pin.c_str());
  if (bpf_obj_pin(link.get(), pin.c_str()) != 0) return ErrnoStatus(errno, "pin " + pin);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint64_t> NetnsCookie() {
  const UniqueFd any(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  uint64_t cookie = 0;
  socklen_t length = sizeof(cookie);
  if (!any.ok() || getsockopt(any.get(), SOL_SOCKET, kNetnsCookie, &cookie, &length) != 0) {
    return ErrnoStatus(errno, "ask for the network namespace's cookie");
  }
  return cookie;
}

absl::StatusOr<std::string> FindCgroupRoot() {
  const std::unique_ptr<FILE, int (*)(FILE*)> mounts(setmntent("/proc/mounts", "r"), endmntent);
  if (mounts == nullptr) return ErrnoStatus(errno, "read /proc/mounts");
  while (const mntent* mount = getmntent(mounts.get())) {
    if (std::string_view(mount->mnt_type) == "cgroup2") return std::string(mount->mnt_dir);
  }
  return absl::NotFoundError("no cgroup v2 hierarchy is mounted; see --cgroup");
}

absl::Status AttachSocketHooks(const MapSet& maps, const Programs& programs,
                               const std::string& cgroup, const std::string& directory) {
  const UniqueFd group(open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status{};
  if (!group.ok() || fstat(group.get(), &status) != 0) {
    return ErrnoStatus(errno, "open cgroup " + cgroup);
  }
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, "make directory " + directory);
  }
  FL_ASSIGN_OR_RETURN(const SocketPrograms loaded, SocketPrograms::Load(maps, programs));
  for (const bpf_program* program : loaded.All()) {
    const std::string pin = fmt::format("{}/{}", directory, bpf_program__name(program));
    FL_RETURN_IF_ERROR(AttachOne(program, group.get(), status.st_ino, pin));
  }
  return absl::OkStatus();
}

absl::Status DetachSocketHooks(const std::string& directory) {
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  return error ? ErrnoStatus(error.value(), "remove " + directory) : absl::OkStatus();
}

}  // namespace fairlead::attach
