// SPDX-License-Identifier: Apache-2.0
//
// How this node stands in its host: addresses and uplinks from the tables,
// settings of the stack from the daemon's host.json, beside names.json:
//
//   {"sysctls": {"net/ipv4/ip_forward": {"value": "1", "flips": 0}},
//    "problems": {"node": ["no uplink: …"], "services": ["Service shop/web: …"]}}
//
// Whether the settings are right is asked of the kernel, now.
#ifndef FAIRLEAD_CLI_HOST_REPORT_H_
#define FAIRLEAD_CLI_HOST_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/command.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"

namespace fairlead::cli {

struct HostReport {
  std::vector<std::string> addresses;  // of this node
  std::vector<std::string> uplinks;    // "eth0 (172.31.0.11, fd00:31::11)"
  std::vector<Json> sysctls;           // name, wanted, found, flips
  std::vector<std::string> problems;   // pods suffer from it
  std::vector<std::string> warnings;
  Json noted = Json::object();  // what fairleadd says is wrong, by what it is about
};

// Without host.json nothing is said of settings.
absl::StatusOr<HostReport> ReadHostReport(const PinnedNode& node, const Options& options);

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_HOST_REPORT_H_
