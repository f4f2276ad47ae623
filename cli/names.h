// SPDX-License-Identifier: Apache-2.0
//
// The Kubernetes names behind the numbers in the tables, as the daemon has last
// written them to names.json:
//
//   {"services": {"4": {"10.96.0.10:80/tcp": "shop/web:http"}, "6": {}},
//    "pods": {"3": "shop/web-1"}, "nodes": {"1": "node2"},
//    "attachments": {"3": {"container": "9f1c…", "interface": "eth0", "hostPorts": "8080/tcp"}}}
//
// A nicety: without the file every name is unknown and nothing else changes.
#ifndef FAIRLEAD_CLI_NAMES_H_
#define FAIRLEAD_CLI_NAMES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "cli/print_table.h"

namespace fairlead::cli {

class Names {
 public:
  Names() = default;
  // A file that is not there is fine; one that cannot be read is not.
  static absl::StatusOr<Names> Read(const std::string& path);
  static absl::StatusOr<Names> Parse(const std::string& text);

  // Null if nobody knows: Json, so that it goes into a row as it is.
  Json Service(Family family, const std::string& frontend) const;
  Json Pod(uint32_t slot) const;
  Json Container(uint32_t slot) const;  // its CNI container ID
  Json HostPorts(uint32_t slot) const;  // "8080/tcp,…"
  Json Node(uint32_t slot) const;

 private:
  Json names_ = Json::object();
};

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_NAMES_H_
