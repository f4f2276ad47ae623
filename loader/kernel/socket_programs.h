// SPDX-License-Identifier: Apache-2.0
//
// SocketPrograms: on_connect of both families, loaded over one MapSet. Attaching
// is loader/attach's business.
#ifndef FAIRLEAD_LOADER_KERNEL_SOCKET_PROGRAMS_H_
#define FAIRLEAD_LOADER_KERNEL_SOCKET_PROGRAMS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "loader/kernel/bpf_object.h"
#include "loader/kernel/map_set.h"
#include "loader/kernel/programs.h"

namespace fairlead {

class SocketPrograms {
 public:
  // With the configuration of `programs`.
  static absl::StatusOr<SocketPrograms> Load(const MapSet& maps, const Programs& programs);

  // One per kind of system call and family; they live as long as this object.
  std::vector<const bpf_program*> All() const;
  absl::StatusOr<std::vector<ProgramSize>> Sizes() const;

 private:
  struct Loaded {
    Family family;
    BpfObject object;
  };
  std::vector<Loaded> loaded_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_SOCKET_PROGRAMS_H_
