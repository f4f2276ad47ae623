// SPDX-License-Identifier: Apache-2.0
//
// The entries of one map, whichever it is, typed.
#ifndef FAIRLEAD_CLI_DUMP_MAP_H_
#define FAIRLEAD_CLI_DUMP_MAP_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"

namespace fairlead::cli {

using ShowEntry = std::function<void(const Json& key, const Json& value)>;

// The maps that DumpMap knows: the tables, and the tail calls.
const std::vector<std::string>& DumpableMaps();
// InvalidArgument, listing the names there are, if this is none of them.
absl::Status CheckMapName(const std::string& name);

// Calls `show` for every entry of a map of DumpableMaps(); unused elements of arrays are left out
// unless `all`. A queue shows its next element only: reading more would take it out.
absl::Status DumpMap(const PinnedNode& node, const std::string& name, bool all,
                     const ShowEntry& show);

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_DUMP_MAP_H_
