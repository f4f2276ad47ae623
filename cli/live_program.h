// SPDX-License-Identifier: Apache-2.0
//
// The programs that run on this node right now, as the kernel knows them: which
// are attached where, and the configuration they were loaded with.
#ifndef FAIRLEAD_CLI_LIVE_PROGRAM_H_
#define FAIRLEAD_CLI_LIVE_PROGRAM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "maps/abi/hook_config_abi.h"

namespace fairlead::cli {

struct LiveProgram {
  uint32_t id = 0;
  std::string name;                   // "from_pod"
  std::string tag;                    // the kernel's hash of its instructions
  std::optional<Family> family;       // by the tables it uses
  std::optional<hook_config> config;  // its .rodata, if it has one
};

// NotFound if no such program is loaded.
absl::StatusOr<LiveProgram> FindProgram(uint32_t id);

// The program that belongs into a slot of the tail calls: "answer_tcp_reset".
// The kernel's own names end after 15 characters.
const char* TailSlotName(uint32_t slot);

// A program on an interface: behind a TCX or XDP link, which is pinned, or a clsact
// filter, of which the pins hold a mark only ("clsact_from_pod_1048577_v4").
struct Attachment {
  std::string pin;   // the file's name below links/
  std::string hook;  // "from_pod"
  std::optional<Family> family;
  std::string mechanism = "tcx";       // "tcx", "clsact", "xdp native", "xdp generic"
  std::optional<LiveProgram> program;  // of links only
  uint32_t ifindex = 0;                // 0: the interface is gone, nothing is attached any more
};

// What is below `directory`, by name; nothing if there is no such directory.
absl::StatusOr<std::vector<Attachment>> ReadAttachments(const std::string& directory);

// The name of an interface of this network namespace; empty if there is none.
// Asked of the kernel once per process. Not thread-safe.
std::string DeviceName(uint32_t ifindex);

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_LIVE_PROGRAM_H_
