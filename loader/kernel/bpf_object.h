// SPDX-License-Identifier: Apache-2.0
//
// BpfObject: an embedded object opened, given its maps and its .rodata, and
// loaded. Owns the programs in it; what is attached or pinned outlives it.
#ifndef FAIRLEAD_LOADER_KERNEL_BPF_OBJECT_H_
#define FAIRLEAD_LOADER_KERNEL_BPF_OBJECT_H_

#include <bpf/libbpf.h>

#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "maps/abi/hook_config_abi.h"

namespace fairlead {

class BpfObject {
 public:
  // `name` is for messages only.
  static absl::StatusOr<BpfObject> Open(const std::string& name, std::span<const std::byte> elf);

  // Makes the object's map `name` the one behind `fd`; before Load.
  absl::Status UseMap(const std::string& map, int fd);
  // Writes `config` into .rodata; before Load.
  absl::Status SetConfig(const hook_config& config);
  // Loads maps and programs into the kernel. A refusal quotes the verifier.
  absl::Status Load();

  // The program, which outlives the object; after Load.
  absl::StatusOr<UniqueFd> TakeProgram() const;
  bpf_object* get() const { return object_.get(); }

 private:
  struct Close {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  std::string name_;
  std::unique_ptr<bpf_object, Close> object_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_BPF_OBJECT_H_
