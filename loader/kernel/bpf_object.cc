// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/bpf_object.h"

#include <bpf/btf.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "loader/kernel/libbpf_log.h"

namespace fairlead {
namespace {

// Where the variable `name` lies in .rodata: clang orders variables as it likes.
absl::StatusOr<size_t> OffsetInRodata(const bpf_object* object, std::string_view name) {
  const btf* types = bpf_object__btf(object);
  const int section = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
  if (section < 0) return absl::NotFoundError("object has no .rodata");
  const btf_type* type = btf__type_by_id(types, static_cast<uint32_t>(section));
  const btf_var_secinfo* variables = btf_var_secinfos(type);
  for (int i = 0; i < btf_vlen(type); ++i) {
    const btf_type* variable = btf__type_by_id(types, variables[i].type);
    if (name == btf__name_by_offset(types, variable->name_off)) return variables[i].offset;
  }
  return absl::NotFoundError(fmt::format("no variable {} in .rodata", name));
}

bpf_map* FindRodata(const bpf_object* object) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (std::string_view(bpf_map__name(map)).ends_with(".rodata")) return map;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<BpfObject> BpfObject::Open(const std::string& name, std::span<const std::byte> elf) {
  const LibbpfLog log;
  BpfObject result;
  result.name_ = name;
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name.c_str());
  result.object_.reset(bpf_object__open_mem(elf.data(), elf.size(), &options));
  if (result.object_ == nullptr) {
    return ErrnoStatus(errno, fmt::format("open BPF object {}: {}", name, log.Tail()));
  }
  return result;
}

absl::Status BpfObject::UseMap(const std::string& map, int fd) {
  bpf_map* found = bpf_object__find_map_by_name(object_.get(), map.c_str());
  if (found == nullptr) return absl::NotFoundError(fmt::format("{} has no map {}", name_, map));
  if (const int error = bpf_map__reuse_fd(found, fd); error != 0) {
    return ErrnoStatus(error, fmt::format("give map {} to {}", map, name_));
  }
  return absl::OkStatus();
}

absl::Status BpfObject::SetConfig(const hook_config& config) {
  bpf_map* rodata = FindRodata(object_.get());
  if (rodata == nullptr) return absl::OkStatus();  // nothing in it depends on the configuration
  const absl::StatusOr<size_t> offset = OffsetInRodata(object_.get(), "config");
  if (!offset.ok()) return absl::OkStatus();
  size_t size = 0;
  const void* content = bpf_map__initial_value(rodata, &size);
  if (content == nullptr || *offset + sizeof(config) > size) {
    return absl::InternalError(fmt::format("{}: .rodata is smaller than its configuration", name_));
  }
  std::vector<char> changed(size);
  std::memcpy(changed.data(), content, size);
  std::memcpy(changed.data() + *offset, &config, sizeof(config));
  if (const int error = bpf_map__set_initial_value(rodata, changed.data(), size); error != 0) {
    return ErrnoStatus(error, "configure " + name_);
  }
  return absl::OkStatus();
}

absl::Status BpfObject::Load() {
  const LibbpfLog log;
  if (const int error = bpf_object__load(object_.get()); error != 0) {
    return ErrnoStatus(error, fmt::format("load BPF object {}: {}", name_, log.Tail()));
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> BpfObject::TakeProgram() const {
  const bpf_program* program = bpf_object__next_program(object_.get(), nullptr);
  if (program == nullptr) return absl::NotFoundError(fmt::format("{} has no program", name_));
  UniqueFd fd(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0));
  if (!fd.ok()) return ErrnoStatus(errno, "keep program " + name_);
  return fd;
}

}  // namespace fairlead
