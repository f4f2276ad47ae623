// SPDX-License-Identifier: Apache-2.0
//
// Programs: every hook and every answer, loaded over one MapSet, with the tail
// calls filled. Attaching is loader/attach's business.
#ifndef FAIRLEAD_LOADER_KERNEL_PROGRAMS_H_
#define FAIRLEAD_LOADER_KERNEL_PROGRAMS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "loader/kernel/bpf_object.h"
#include "loader/kernel/hook_config.h"
#include "loader/kernel/map_set.h"
#include "maps/abi/tail_slot_abi.h"
#include "maps/abi/verdict_abi.h"

namespace fairlead {

// Gives the object every map that it declares, but next_family and what is from_wire's own.
// `tail_calls` is the family's.
absl::Status ShareMaps(BpfObject& object, const MapSet& maps, const BpfMap& tail_calls);

// What the kernel says of a loaded program.
struct ProgramSize {
  std::string name;  // "from_pod"
  Family family;
  uint32_t verified_instructions;
  uint32_t jited_bytes;
};
absl::StatusOr<ProgramSize> SizeOf(const char* name, Family family, int program_fd);

class Programs {
 public:
  // Hooks that `options` has a use for. Refuses to return with a hole in the tail calls.
  static absl::StatusOr<Programs> Load(const MapSet& maps, const HookOptions& options);

  // For tests, which need few of them: nothing is loaded before EnsureLoaded asks for it.
  static absl::StatusOr<Programs> Prepare(const MapSet& maps, const HookOptions& options);
  // A hook's program, and all that it may jump to.
  absl::Status EnsureLoaded(hook hook_id, Family family);

  // Owned by this object; attached programs stay when it goes.
  int fd(hook hook_id, Family family) const;
  // The prog arrays; they must stay pinned or open while their programs run.
  const BpfMap& tail_calls(Family family) const;
  const BpfMap& next_family() const { return next_family_; }  // of from_wire
  // The configuration the programs were loaded with (seed: of IPv4).
  const hook_config& config() const { return config_; }

  absl::StatusOr<std::vector<ProgramSize>> Sizes() const;

 private:
  struct Program {
    const char* name;
    Family family;
    int hook_id;    // -1: an answer
    uint32_t slot;  // of an answer
    // Until it is loaded, or it is clear that it never will be: what libbpf remembers of an object
    // is ten megabytes in all.
    std::optional<BpfObject> object;
    UniqueFd fd;  // since

    bool is_loaded() const { return fd.ok(); }
    absl::Status Load();
  };
  absl::Status PrepareFamily(const MapSet& maps, Family family, const hook_config& config,
                             const HookOptions& options);
  absl::Status LoadAnswers(Family family);
  // Where from_wire of IPv4 leaves the packets of IPv6.
  absl::Status FillNextFamily();

  hook_config config_{};
  BpfMap tail_calls_[2];
  BpfMap next_family_;
  std::vector<Program> programs_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_PROGRAMS_H_
