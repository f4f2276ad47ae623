// SPDX-License-Identifier: Apache-2.0
//
// HookLinks: programs on devices. A TCX link is pinned, so that it outlives the
// daemon, and a restart swaps the program behind it without a packet in
// between; where the kernel has no TCX, a clsact filter is replaced in place.
//
// Both families of a hook are attached one behind the other: IPv4 first, which
// hands only IPv6 packets on.
#ifndef FAIRLEAD_LOADER_ATTACH_HOOK_LINKS_H_
#define FAIRLEAD_LOADER_ATTACH_HOOK_LINKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/kernel/programs.h"

namespace fairlead::attach {

enum class Mechanism { kTcx, kClsact };

// One hook on one device, as found among the pins.
struct HookOnDevice {
  hook hook_id;
  uint32_t ifindex;

  friend auto operator<=>(const HookOnDevice&, const HookOnDevice&) = default;
};

class HookLinks {
 public:
  // `directory` for pins exists; `programs` outlives this object.
  HookLinks(std::string directory, const Programs& programs, Mechanism mechanism)
      : directory_(std::move(directory)), programs_(programs), mechanism_(mechanism) {}

  // Attaches both families, or swaps in our programs where they are attached.
  absl::Status Attach(hook hook_id, uint32_t ifindex) const;
  // FailedPrecondition, saying what is wrong and what helps, unless our programs
  // are attached and nobody else's (hook_check.h). `device` is for the message.
  absl::Status Check(hook hook_id, uint32_t ifindex, const std::string& device) const;
  // What Attach() has put there is there, of both families; others may be as well.
  absl::StatusOr<bool> IsAttached(hook hook_id, uint32_t ifindex) const;

 private:
  absl::StatusOr<std::vector<uint32_t>> OwnIds(hook hook_id) const;
  absl::Status AttachFamily(const HookOnDevice& where, Family family) const;

  std::string directory_;
  const Programs& programs_;
  Mechanism mechanism_;
};

// Where the link of a hook on a device is pinned.
std::string PinOf(const std::string& directory, const HookOnDevice& where, Family family);

// What the links directory says is attached, by whichever run.
absl::StatusOr<std::vector<HookOnDevice>> ListHooks(const std::string& directory);
// Takes a hook off a device; it or the device may be gone already.
absl::Status Detach(const std::string& directory, const HookOnDevice& where);

// Of two layouts of the tables, `from` the one before. Inherit: links and filters get their pins
// below `directory`, too, so that attaching swaps the programs in place, and what is not attached
// again is found there. Forsake: what is attached by `from` alone goes, then its pins.
absl::Status Inherit(const std::string& from, const std::string& directory);
absl::Status Forsake(const std::string& from, const std::string& directory);

// Asks the kernel, by trying on the loopback device.
absl::StatusOr<Mechanism> ProbeMechanism(int program_fd);

}  // namespace fairlead::attach

#endif  // FAIRLEAD_LOADER_ATTACH_HOOK_LINKS_H_
