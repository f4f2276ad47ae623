// SPDX-License-Identifier: Apache-2.0
//
// ServicePort: what a service port has in the tables of one family, and how those
// of an earlier run are known again.
#ifndef FAIRLEAD_LOADER_APPLY_SERVICE_PORT_H_
#define FAIRLEAD_LOADER_APPLY_SERVICE_PORT_H_

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "loader/apply/backend_table.h"
#include "loader/apply/run_table.h"
#include "loader/plan/service_plan.h"
#include "maps/tables.h"

namespace fairlead::apply {

struct ServicePort {
  uint32_t id = 0;
  BackendNumbers backends;                // all, draining ones too
  std::vector<Run> runs;                  // none is empty; sets that are equal share one
  std::vector<plan::Frontend> frontends;  // some may have gone to another owner since
  // Of an earlier run, in no plan since: an object that cannot be read takes nothing with it.
  std::set<Endpoint> unasked;
};

// Moves those of an earlier run, which are known by id only, to their names. Frontends may have
// changed meanwhile, or have been another Service's: whoever has the most of one gets it.
void Recognise(const std::map<plan::ServicePortName, plan::PlannedService>& services,
               const std::map<plan::Frontend, service>& entries,
               std::map<uint32_t, ServicePort>& adopted,
               std::map<plan::ServicePortName, ServicePort>& installed);

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_SERVICE_PORT_H_
