// SPDX-License-Identifier: Apache-2.0
//
// NodeClaim: one daemon per node. A node is a network namespace, and so is the
// scope of an abstract socket's name: who holds such a name holds the node, and
// the kernel gives it back when the holder dies, however it dies.
//
// Anybody in the namespace can take a name, a hostNetwork pod's process too; the
// kernel says as whom. So a name counts only if root listens there, and where
// somebody else has taken it, we take another.
#ifndef FAIRLEAD_LOADER_DAEMON_NODE_CLAIM_H_
#define FAIRLEAD_LOADER_DAEMON_NODE_CLAIM_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace fairlead {

class NodeClaim {
 public:
  // Also claims the state directory, which it makes: nodes may share a file
  // system. AlreadyExists, naming the holder, if another daemon has either.
  static absl::StatusOr<NodeClaim> Take(const std::string& state_dir);

 private:
  absl::Status TakeAName();
  absl::Status RefuseOthers() const;

  UniqueFd state_;
  UniqueFd socket_;
  std::string name_;  // of the socket, without its leading zero byte
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_NODE_CLAIM_H_
