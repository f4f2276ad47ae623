// SPDX-License-Identifier: Apache-2.0
//
// LiveHooks: the node's programs attached to its real devices, for the frames
// that BPF_PROG_TEST_RUN will not take: those that end before their IP header.
#ifndef FAIRLEAD_TESTS_DSL_LIVE_HOOKS_H_
#define FAIRLEAD_TESTS_DSL_LIVE_HOOKS_H_

#include <vector>

#include "tests/dsl/node.h"

namespace fairlead::testing {

class LiveHooks {
 public:
  // Attached while this object lives; `node` outlives it.
  LiveHooks(Node& node, const Pod& pod);

  // Puts the frame on the device so that it meets the hook; true when the hook
  // has counted it as `reason`, false if it has not done so within ten seconds.
  bool Counts(hook where, const Bytes& frame, uint32_t reason);

 private:
  Node& node_;
  UniqueFd socket_;
  std::vector<UniqueFd> links_;
  uint32_t entry_[HOOK_COUNT] = {};  // device to send on, by hook
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_DSL_LIVE_HOOKS_H_
