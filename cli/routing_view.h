// SPDX-License-Identifier: Apache-2.0
//
// By which ways the other nodes are reached, in a line.
#ifndef FAIRLEAD_CLI_ROUTING_VIEW_H_
#define FAIRLEAD_CLI_ROUTING_VIEW_H_

#include <string>

#include "cli/print_table.h"
#include "maps/tables.h"

namespace fairlead::cli {

Json RoutingJson(const Tables& tables);

// "2 nodes natively, 1 by fl_vxlan (UDP port 8472, VNI 1)".
std::string RoutingText(const Tables& tables, const hook_config& config);

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_ROUTING_VIEW_H_
