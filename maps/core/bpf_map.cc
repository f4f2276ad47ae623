// SPDX-License-Identifier: Apache-2.0
#include "maps/core/bpf_map.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead {

absl::StatusOr<BpfMap> BpfMap::FromFd(UniqueFd fd) {
  bpf_map_info info{};
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) {
    return ErrnoStatus(errno, "ask the kernel about a map");
  }
  BpfMap map;
  map.fd_ = std::move(fd);
  map.name_ = info.name;
  map.type_ = info.type;
  map.key_size_ = info.key_size;
  map.value_size_ = info.value_size;
  map.max_entries_ = info.max_entries;
  map.flags_ = info.map_flags;
  map.btf_id_ = info.btf_id;
  map.btf_key_type_id_ = info.btf_key_type_id;
  map.btf_value_type_id_ = info.btf_value_type_id;
  return map;
}

absl::StatusOr<BpfMap> BpfMap::OpenPinned(const std::string& path) {
  UniqueFd fd(bpf_obj_get(path.c_str()));
  if (!fd.ok()) return ErrnoStatus(errno, "open pinned map " + path);
  return FromFd(std::move(fd));
}

absl::StatusOr<BpfMap> BpfMap::Duplicate() const {
  UniqueFd copy(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.ok()) return ErrnoStatus(errno, "duplicate the descriptor of map " + name_);
  return FromFd(std::move(copy));
}

}  // namespace fairlead
