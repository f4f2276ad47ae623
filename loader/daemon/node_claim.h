// SPDX-License-Identifier: Apache-2.0
//
// NodeClaim: one daemon per node. A node is a network namespace, and so is the
// scope of an abstract socket's name: who holds the name holds the node, and
// the kernel gives it back when the holder dies, however it dies.
#ifndef FAIRLEAD_LOADER_DAEMON_NODE_CLAIM_H_
#define FAIRLEAD_LOADER_DAEMON_NODE_CLAIM_H_

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead {

class NodeClaim {
 public:
  // AlreadyExists, naming the pid, if another daemon has this node.
  static absl::StatusOr<NodeClaim> Take();

 private:
  UniqueFd socket_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_NODE_CLAIM_H_
