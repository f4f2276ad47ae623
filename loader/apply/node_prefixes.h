// SPDX-License-Identifier: Apache-2.0
//
// NodeTables' share of `prefixes`: whose address is that, of nodes, their pods and the world where
// pods keep their address. The rest is ServicePrefixes' (service_prefixes.h).
#ifndef FAIRLEAD_LOADER_APPLY_NODE_PREFIXES_H_
#define FAIRLEAD_LOADER_APPLY_NODE_PREFIXES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "base/ip.h"
#include "loader/apply/node_tables.h"
#include "loader/apply/reconcile.h"
#include "maps/tables.h"

namespace fairlead::apply {

// Which slots an earlier run's prefixes lead to; added to `slots`.
template <typename Abi>
absl::Status ReadSlots(const FamilyTables<Abi>& tables, std::map<Cidr, uint32_t>& slots);

// Fewest writes. `slots` are the peers', by name; who has none is left out.
template <typename Abi>
absl::Status ApplyNodePrefixes(const NodeFacts& facts, const std::map<std::string, uint32_t>& slots,
                               Unasked unasked, FamilyTables<Abi>& tables);

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_NODE_PREFIXES_H_
