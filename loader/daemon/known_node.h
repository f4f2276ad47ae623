// SPDX-License-Identifier: Apache-2.0
//
// KnownNode: what this node's object last said of its addresses and its zone, in node.json of the
// state directory. An object that is deleted, or that cannot be read when the daemon starts,
// takes no NodePort along.
#ifndef FAIRLEAD_LOADER_DAEMON_KNOWN_NODE_H_
#define FAIRLEAD_LOADER_DAEMON_KNOWN_NODE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "loader/kube/node.h"
#include "loader/kube/object_map.h"
#include "loader/plan/node_plan.h"

namespace fairlead {

class KnownNode {
 public:
  // Reads what an earlier run has kept. A file that is damaged, or another node's, says nothing;
  // the former is logged.
  KnownNode(const std::string& state_directory, std::string node_name);

  // Keeps what the node's object says, or, if there is none, gives the plan what was kept. The
  // file is written, 0600, only if it would say something else. An error is about the file only.
  absl::Status Follow(const kube::ObjectMap<kube::Node>& nodes, plan::NodePlan& plan);

 private:
  void Read();

  std::string path_;
  std::string name_;
  std::optional<plan::OwnNode> known_;  // without podCIDRs
  std::string written_;                 // the file's text
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_KNOWN_NODE_H_
