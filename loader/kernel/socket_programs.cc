// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/socket_programs.h"

#include <bpf/libbpf.h>

#include "base/status_macros.h"
#include "loader/kernel/embedded_objects.h"

namespace fairlead {
namespace {

std::vector<const bpf_program*> ProgramsOf(const BpfObject& object) {
  std::vector<const bpf_program*> found;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object.get()) found.push_back(program);
  return found;
}

}  // namespace

absl::StatusOr<SocketPrograms> SocketPrograms::Load(const MapSet& maps, const Programs& programs) {
  SocketPrograms result;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const EmbeddedObject& embedded = SocketObject(family);
    FL_ASSIGN_OR_RETURN(BpfObject object, BpfObject::Open(embedded.name, embedded.elf));
    FL_RETURN_IF_ERROR(ShareMaps(object, maps, programs.tail_calls(family)));
    FL_RETURN_IF_ERROR(object.SetConfig(programs.config()));
    FL_RETURN_IF_ERROR(object.Load());
    result.loaded_.push_back({family, std::move(object)});
  }
  return result;
}

std::vector<const bpf_program*> SocketPrograms::All() const {
  std::vector<const bpf_program*> all;
  for (const Loaded& loaded : loaded_) {
    for (const bpf_program* program : ProgramsOf(loaded.object)) all.push_back(program);
  }
  return all;
}

absl::StatusOr<std::vector<ProgramSize>> SocketPrograms::Sizes() const {
  std::vector<ProgramSize> sizes;
  for (const Loaded& loaded : loaded_) {
    for (const bpf_program* program : ProgramsOf(loaded.object)) {
      FL_ASSIGN_OR_RETURN(ProgramSize size, SizeOf(bpf_program__name(program), loaded.family,
                                                   bpf_program__fd(program)));
      sizes.push_back(std::move(size));
    }
  }
  return sizes;
}

}  // namespace fairlead
