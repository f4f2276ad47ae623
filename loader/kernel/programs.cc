// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/programs.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "loader/kernel/embedded_objects.h"

namespace fairlead {
namespace {

// Pods are ours, or another network's: each has hooks that the other has not.
bool IsWanted(int hook_id, const HookOptions& options) {
  switch (hook_id) {
    case HOOK_FROM_GUEST:
    case HOOK_TO_GUEST:
      return options.guests;
    case HOOK_FROM_POD:
    case HOOK_TO_POD:
    case HOOK_FROM_OVERLAY:
    case HOOK_TO_OVERLAY:
      return !options.guests;
    default:
      return true;
  }
}

int Index(Family family) { return family == Family::kIpv4 ? 0 : 1; }

std::string TailCallsName(Family family) {
  return fmt::format("tail_calls{}", static_cast<int>(family));
}

constexpr char kNextFamily[] = "next_family";

absl::StatusOr<BpfMap> MakeProgArray(const std::string& name, uint32_t entries) {
  UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, name.c_str(), sizeof(uint32_t),
                             sizeof(uint32_t), entries, nullptr));
  if (!fd.ok()) return ErrnoStatus(errno, "create " + name);
  return BpfMap::FromFd(std::move(fd));
}

void TakeSeveralBuffers(const BpfObject& object) {
  bpf_program* program = bpf_object__next_program(object.get(), nullptr);
  bpf_program__set_flags(program, bpf_program__flags(program) | BPF_F_XDP_HAS_FRAGS);
}

absl::Status PutProgram(const BpfMap& array, uint32_t slot, int program_fd, const char* name) {
  if (bpf_map_update_elem(array.fd(), &slot, &program_fd, BPF_ANY) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, fmt::format("put {} into its tail slot", name));
}

}  // namespace

absl::Status ShareMaps(BpfObject& object, const MapSet& maps, const BpfMap& tail_calls) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object.get()) {
    const std::string name = bpf_map__name(map);
    if (IsOfProgram(name)) continue;
    const BpfMap& shared = name.starts_with("tail_calls") ? tail_calls : maps.Get(name);
    FL_RETURN_IF_ERROR(object.UseMap(name, shared.fd()));
  }
  return absl::OkStatus();
}

absl::StatusOr<ProgramSize> SizeOf(const char* name, Family family, int program_fd) {
  bpf_prog_info info{};
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(program_fd, &info, &length) != 0) {
    return ErrnoStatus(errno, fmt::format("ask the kernel about {}", name));
  }
  return ProgramSize{name, family, info.verified_insns, info.jited_prog_len};
}

absl::Status Programs::PrepareFamily(const MapSet& maps, Family family, const hook_config& config,
                                     const HookOptions& options) {
  FL_ASSIGN_OR_RETURN(tail_calls_[Index(family)],
                      MakeProgArray(TailCallsName(family), TAIL_SLOT_COUNT));
  for (const EmbeddedObject& embedded : EmbeddedObjects()) {
    if (embedded.family != family) continue;
    FL_ASSIGN_OR_RETURN(BpfObject object, BpfObject::Open(embedded.name, embedded.elf));
    FL_RETURN_IF_ERROR(ShareMaps(object, maps, tail_calls_[Index(family)]));
    if (embedded.hook_id == HOOK_FROM_WIRE) {
      FL_RETURN_IF_ERROR(object.UseMap(kNextFamily, next_family_.fd()));
      if (!options.one_buffer) TakeSeveralBuffers(object);
    }
    FL_RETURN_IF_ERROR(object.SetConfig(config));
    programs_.push_back({embedded.name, family,
                         embedded.hook_id.has_value() ? static_cast<int>(*embedded.hook_id) : -1,
                         embedded.slot.has_value() ? uint32_t{*embedded.slot} : 0,
                         std::move(object), UniqueFd()});
  }
  return absl::OkStatus();
}

absl::Status Programs::Program::Load() {
  if (!object.has_value()) return absl::InternalError(fmt::format("{} was not wanted", name));
  FL_RETURN_IF_ERROR(object->Load());
  FL_ASSIGN_OR_RETURN(fd, object->TakeProgram());
  object.reset();
  return absl::OkStatus();
}

absl::Status Programs::LoadAnswers(Family family) {
  const BpfMap& tail_calls = tail_calls_[Index(family)];
  uint32_t filled = 0;
  for (Program& program : programs_) {
    if (program.hook_id >= 0 || program.family != family) continue;
    ++filled;
    if (program.is_loaded()) continue;
    FL_RETURN_IF_ERROR(program.Load());
    FL_RETURN_IF_ERROR(PutProgram(tail_calls, program.slot, program.fd.get(), program.name));
  }
  if (filled == TAIL_SLOT_COUNT) return absl::OkStatus();
  return absl::InternalError(
      fmt::format("{} of {} tail slots have a program", filled, int{TAIL_SLOT_COUNT}));
}

absl::StatusOr<Programs> Programs::Prepare(const MapSet& maps, const HookOptions& options) {
  FL_ASSIGN_OR_RETURN(const Tables tables, maps.Open());
  const auto config_of = [&options](const auto& family) {
    return MakeHookConfig(options, family.node_state[0].hash_seed, family.half_open.size(),
                          family.flows.size());
  };
  Programs programs;
  programs.config_ = config_of(tables.v4);
  FL_ASSIGN_OR_RETURN(programs.next_family_, MakeProgArray(kNextFamily, 1));
  FL_RETURN_IF_ERROR(programs.PrepareFamily(maps, Family::kIpv4, programs.config_, options));
  FL_RETURN_IF_ERROR(programs.PrepareFamily(maps, Family::kIpv6, config_of(tables.v6), options));
  return programs;
}

absl::StatusOr<Programs> Programs::Load(const MapSet& maps, const HookOptions& options) {
  FL_ASSIGN_OR_RETURN(Programs programs, Prepare(maps, options));
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    for (int hook_id = 0; hook_id < HOOK_COUNT; ++hook_id) {
      if (!IsWanted(hook_id, options)) continue;
      FL_RETURN_IF_ERROR(programs.EnsureLoaded(static_cast<hook>(hook_id), family));
    }
  }
  for (Program& program : programs.programs_) program.object.reset();
  return programs;
}

absl::Status Programs::FillNextFamily() {
  FL_RETURN_IF_ERROR(EnsureLoaded(HOOK_FROM_WIRE, Family::kIpv6));
  return PutProgram(next_family_, 0, fd(HOOK_FROM_WIRE, Family::kIpv6), "from_wire");
}

absl::Status Programs::EnsureLoaded(hook hook_id, Family family) {
  for (Program& program : programs_) {
    if (program.hook_id != static_cast<int>(hook_id) || program.family != family) continue;
    if (program.is_loaded()) return absl::OkStatus();
    if (hook_id != HOOK_FROM_WIRE) {
      FL_RETURN_IF_ERROR(LoadAnswers(family));
    } else if (family == Family::kIpv4) {
      FL_RETURN_IF_ERROR(FillNextFamily());
    }
    return program.Load();
  }
  return absl::NotFoundError(fmt::format("no program for hook {}", static_cast<int>(hook_id)));
}

int Programs::fd(hook hook_id, Family family) const {
  for (const Program& program : programs_) {
    if (program.hook_id == static_cast<int>(hook_id) && program.family == family) {
      return program.fd.get();
    }
  }
  return -1;
}

const BpfMap& Programs::tail_calls(Family family) const { return tail_calls_[Index(family)]; }

absl::StatusOr<std::vector<ProgramSize>> Programs::Sizes() const {
  std::vector<ProgramSize> sizes;
  for (const Program& loaded : programs_) {
    if (!loaded.is_loaded()) continue;
    FL_ASSIGN_OR_RETURN(ProgramSize size, SizeOf(loaded.name, loaded.family, loaded.fd.get()));
    sizes.push_back(std::move(size));
  }
  return sizes;
}

}  // namespace fairlead
