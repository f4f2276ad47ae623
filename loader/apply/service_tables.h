// SPDX-License-Identifier: Apache-2.0
//
// ServiceTables: a service plan into `services`, `runs` and `backends`.
//
// The order is a promise: a packet never sees a service whose backends are not
// written yet, nor a backend's number that already belongs to another. For
// each service: new backends, their run, then the service entry, which is
// replaced as a whole; what is gone goes last.
#ifndef FAIRLEAD_LOADER_APPLY_SERVICE_TABLES_H_
#define FAIRLEAD_LOADER_APPLY_SERVICE_TABLES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/apply/host_port_bits.h"
#include "loader/apply/number_queue.h"
#include "loader/apply/reconcile.h"
#include "loader/apply/run_space.h"
#include "loader/plan/service_plan.h"
#include "maps/tables.h"

namespace fairlead::apply {

// One family's half.
template <typename Abi>
class FamilyServices {
 public:
  // Takes over what the tables hold. `tables` outlives this object.
  static absl::StatusOr<FamilyServices> Adopt(FamilyTables<Abi>& tables);

  // ResourceExhausted, naming table and service: it stays as it was.
  absl::Status Put(const plan::Frontend& frontend, const plan::PlannedService& planned);
  absl::Status Remove(const plan::Frontend& frontend);
  // After a batch: what was freed may be used again.
  void Settle() { runs_.Settle(); }

  std::vector<plan::Frontend> frontends() const;
  bool IsOnHost(const plan::Frontend& frontend) const;  // false: also if it is not there

 private:
  struct Installed {
    service entry{};
    bool written = false;                   // the entry is in the table
    std::vector<uint32_t> run;              // numbers of the selectable backends, in order
    std::map<Endpoint, uint32_t> backends;  // all, draining ones too
  };

  absl::Status AddBackends(const plan::PlannedService& planned, Installed& installed);
  absl::Status WriteRun(const typename Abi::ServiceKey& key, const plan::PlannedService& planned,
                        Installed& installed);
  void RemoveBackends(const std::set<Endpoint>& kept, Installed& installed);
  void FreeBackend(uint32_t number);

  FamilyTables<Abi>* tables_ = nullptr;
  std::map<plan::Frontend, Installed> installed_;
  HostPortBits host_ports_;
  NumberQueue backend_numbers_;
  RunSpace runs_;
  uint32_t next_service_id_ = 1;
};

class ServiceTables {
 public:
  // Reads what an earlier run wrote. `tables` outlives this object.
  static absl::StatusOr<ServiceTables> Adopt(Tables& tables);

  // Makes the tables say what the plan says, with the fewest writes. What does
  // not fit is named in the error; everything else is applied. Ports of this
  // node never stay unasked: their pods are known for sure.
  absl::Status Apply(const plan::ServicePlan& desired, Unasked unasked = Unasked::kDelete);

  // One frontend, for changes that are known to be small.
  absl::Status Put(const plan::Frontend& frontend, const plan::PlannedService& planned);
  absl::Status Remove(const plan::Frontend& frontend);
  void Settle();

 private:
  FamilyServices<Abi4> v4_;
  FamilyServices<Abi6> v6_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_SERVICE_TABLES_H_
