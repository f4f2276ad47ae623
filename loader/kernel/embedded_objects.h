// SPDX-License-Identifier: Apache-2.0
//
// The BPF objects inside this binary: every program of bpf/, in both families.
#ifndef FAIRLEAD_LOADER_KERNEL_EMBEDDED_OBJECTS_H_
#define FAIRLEAD_LOADER_KERNEL_EMBEDDED_OBJECTS_H_

#include <optional>
#include <span>
#include <string>

#include "base/ip.h"
#include "maps/abi/tail_slot_abi.h"
#include "maps/abi/verdict_abi.h"

namespace fairlead {

struct EmbeddedObject {
  const char* name;  // of the program: "from_pod"
  Family family;
  std::optional<hook> hook_id;     // a hook's program…
  std::optional<tail_slot> slot;   // …or one behind a tail call
  std::span<const std::byte> elf;  // static storage
};

std::span<const EmbeddedObject> EmbeddedObjects();

// on_connect.bpf.c: programs for sockets, by their sections' names.
const EmbeddedObject& SocketObject(Family family);

// read_clock.bpf.c, which has no family.
std::span<const std::byte> ClockObject();

// After the programs are loaded: eight megabytes of this binary are not needed in memory any more.
// Who asks for an object all the same has it read from the file again.
void ForgetObjectPages();

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_EMBEDDED_OBJECTS_H_
