// SPDX-License-Identifier: Apache-2.0
//
// PinnedNode: one node as its pins show it, whether or not its daemon lives.
// Tables are mapped read-only; nothing here changes the node.
#ifndef FAIRLEAD_CLI_PINNED_NODE_H_
#define FAIRLEAD_CLI_PINNED_NODE_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "cli/command.h"
#include "cli/names.h"
#include "maps/abi/hook_config_abi.h"
#include "maps/tables.h"

namespace fairlead::cli {

// What turns the stamps of flows into seconds.
struct FlowTime {
  uint32_t now = 0;                 // jiffies
  uint32_t jiffies_per_second = 1;  // of this kernel
  hook_config config{};             // the timeouts, in jiffies
};

class PinnedNode {
 public:
  // NotFound, with the remedy, if no daemon has pinned anything there.
  static absl::StatusOr<PinnedNode> Open(const Options& options);

  const std::string& directory() const { return directory_; }  // …/v1
  const Tables& tables() const { return tables_; }
  const Names& names() const { return names_; }

  // By the programs' own clock and timeouts; where nothing is pinned that could
  // tell, by a clock of our own and the default timeouts.
  absl::StatusOr<FlowTime> Time() const;

  // The slot of the local pod that has this address.
  std::optional<uint32_t> PodOf(const IpAddress& address) const;
  // Its Kubernetes name; null if it is no local pod or nobody knows the name.
  Json PodNameOf(const IpAddress& address) const;

 private:
  std::string directory_;
  Tables tables_;
  Names names_;
  std::map<IpAddress, uint32_t> pods_;
};

// The directory with this layout's pins, below --bpffs.
std::string PinDirectory(const Options& options);

// The configuration of the programs that run on the node with these pins.
std::optional<hook_config> RunningConfig(const std::string& pin_directory);

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_PINNED_NODE_H_
