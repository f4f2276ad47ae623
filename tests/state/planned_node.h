// SPDX-License-Identifier: Apache-2.0
//
// A node's tables without its daemon: objects in, planned and applied as the
// controller does it, and read back out of the maps as text.
#ifndef FAIRLEAD_TESTS_STATE_PLANNED_NODE_H_
#define FAIRLEAD_TESTS_STATE_PLANNED_NODE_H_

#include <map>
#include <string>

#include "loader/apply/node_tables.h"
#include "loader/apply/service_tables.h"
#include "loader/kernel/map_set.h"
#include "loader/kube/object_store.h"
#include "loader/plan/service_planner.h"

namespace fairlead::testing {

class PlannedNode {
 public:
  static constexpr char kName[] = "node1";

  PlannedNode();

  // Everything; then only what has changed.
  void ApplyAll(const kube::ObjectStore& store);
  void Follow(const kube::ObjectStore& store, const kube::ObjectChanges& changes);

  // Each frontend, each prefix and each backend in use, with all that it leads to: numbers, which
  // depend on what was there before, are replaced by what they stand for.
  using View = std::map<std::string, std::string>;
  View Read() const;

 private:
  void ApplyNodes(const kube::ObjectStore& store);
  void ApplyServices(const kube::ObjectStore& store);

  MapSet maps_;
  Tables tables_;
  apply::NodeTables nodes_;
  apply::ServiceTables services_;
  plan::ServicePlanner planner_;
  plan::PlanContext context_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_STATE_PLANNED_NODE_H_
