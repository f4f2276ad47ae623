// SPDX-License-Identifier: Apache-2.0
//
// Hop: what came out of a hook — what was done with the packet, why, and the
// frame as it left.
#ifndef FAIRLEAD_TESTS_DSL_HOP_H_
#define FAIRLEAD_TESTS_DSL_HOP_H_

#include <ostream>
#include <string>

#include "maps/abi/both_families.h"
#include "tests/dsl/packet.h"

namespace fairlead::testing {

// What the program returned (linux/pkt_cls.h). XDP's codes are said in these words.
enum class Action : int32_t { kNext = -1, kOk = 0, kShot = 2, kRedirect = 7 };

inline void PrintTo(Action action, std::ostream* os) {
  *os << "action " << static_cast<int>(action);
}

struct Hop {
  hook where = HOOK_FROM_POD;
  Action action = Action::kNext;
  uint32_t reason = 0;   // enum verdict_reason
  uint32_t ifindex = 0;  // where it was sent; 0: nowhere
  std::string target;    // the same, for people
  uint32_t mark = 0;
  uint64_t counted = 0;  // how often this hook has come to this verdict by now
  Bytes frame;

  // The packet as it left, to be passed on to the next hook.
  Packet packet() const { return Packet::OfBytes(frame); }
  Endpoint Source() const { return SourceOf(frame); }
  Endpoint Destination() const { return DestinationOf(frame); }
};

// "NO_BACKEND", as in maps/abi/verdict_abi.h.
std::string ReasonName(uint32_t reason);

std::ostream& operator<<(std::ostream& os, const Hop& hop);

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_HOP_H_
