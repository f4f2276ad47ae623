// SPDX-License-Identifier: Apache-2.0
//
// ServiceTables: a service plan into `services`, `runs` and `backends`.
//
// The order is a promise: a packet never sees a service whose backends are not
// written yet, nor a backend's number that already belongs to another. For
// each service port: new backends, their runs, then its frontends' entries, each
// replaced as a whole; what is gone goes last.
#ifndef FAIRLEAD_LOADER_APPLY_SERVICE_TABLES_H_
#define FAIRLEAD_LOADER_APPLY_SERVICE_TABLES_H_

#include <set>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/apply/family_services.h"
#include "loader/apply/reconcile.h"
#include "loader/plan/service_plan.h"
#include "maps/tables.h"

namespace fairlead::apply {

class ServiceTables {
 public:
  // Reads what an earlier run wrote. `tables` outlives this object.
  static absl::StatusOr<ServiceTables> Adopt(Tables& tables);

  // Makes the tables say what the plan says, with the fewest writes. What does
  // not fit is named in the error; everything else is applied. ResourceExhausted:
  // a lack of room is all that is wrong. hostPorts never stay unasked: the pods
  // of this node are known for sure.
  absl::Status Apply(const plan::ServicePlan& desired, Unasked unasked = Unasked::kDelete);

  // The same for these service ports; all others are as they were for the last Apply.
  absl::Status ApplyOnly(const std::set<plan::ServicePortName>& names,
                         const plan::ServicePlan& desired);
  absl::Status Put(const plan::ServicePortName& name, const plan::PlannedService& planned);
  absl::Status Remove(const plan::ServicePortName& name);
  // After each NodeTables::Apply, which may have taken away an entry in whose place one of a
  // Service belongs. Price: a lookup for each address of a Service.
  absl::Status KeepPrefixes() {
    absl::Status status = v4_.KeepPrefixes();
    status.Update(v6_.KeepPrefixes());
    return status;
  }
  // After a batch of these: what was freed may be used again.
  void Settle();

 private:
  FamilyServices<Abi4> v4_;
  FamilyServices<Abi6> v6_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_SERVICE_TABLES_H_
