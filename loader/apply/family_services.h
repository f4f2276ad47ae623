// SPDX-License-Identifier: Apache-2.0
//
// FamilyServices: the service ports of one family, and what they have in the
// tables.
//
//   frontend ─┐                ┌─▶ run of the Cluster set ─┐
//   frontend ─┼─▶ service port ┤                           ├─▶ backends
//   frontend ─┘                └─▶ run of the Local set ───┘
//
// A run names each backend once, or is a Maglev table of them.
#ifndef FAIRLEAD_LOADER_APPLY_FAMILY_SERVICES_H_
#define FAIRLEAD_LOADER_APPLY_FAMILY_SERVICES_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/apply/backend_table.h"
#include "loader/apply/frontend_table.h"
#include "loader/apply/run_table.h"
#include "loader/apply/service_port.h"
#include "loader/apply/source_range_table.h"
#include "loader/plan/service_plan.h"
#include "maps/tables.h"

namespace fairlead::apply {

template <typename Abi>
class FamilyServices {
 public:
  // Takes over what the tables hold. `tables` outlives this object.
  static absl::StatusOr<FamilyServices> Adopt(FamilyTables<Abi>& tables);

  // Before a batch of Put: which of the earlier run's service ports they are.
  void Recognise(const std::map<plan::ServicePortName, plan::PlannedService>& services) {
    apply::Recognise(services, frontends_.entries(), adopted_, installed_);
  }
  // All is known that was known before: what an earlier run has left and nobody asks for may go.
  void ForgetEarlierRun();
  // ResourceExhausted, naming table and service: it stays as it was. But where there is no room for
  // its Maglev table, it is served at random.
  absl::Status Put(const plan::ServicePortName& name, const plan::PlannedService& planned);
  absl::Status Remove(const plan::ServicePortName& name);
  // What an earlier run has left that nobody has Put since; all of it, or hostPorts only.
  absl::Status RemoveUnasked(bool only_host_ports);
  absl::Status SetServiceCidrs(const std::vector<Cidr>& cidrs) {
    return frontends_.SetServiceCidrs(cidrs);
  }
  absl::Status KeepPrefixes() { return frontends_.KeepPrefixes(); }
  // After a batch: what was freed may be used again.
  void Settle() { runs_.Settle(); }

  std::vector<plan::ServicePortName> names() const;

 private:
  absl::Status AdoptEntry(const plan::Frontend& frontend, const service& entry);
  ServicePort& Find(const plan::ServicePortName& name, const plan::PlannedService& planned);
  plan::PlannedService WithUnasked(plan::PlannedService planned, ServicePort& port) const;
  absl::Status Install(const plan::ServicePortName& name, const plan::PlannedService& planned,
                       ServicePort& port);
  absl::Status WriteEntries(const plan::PlannedService& planned, const ServicePort& port,
                            std::vector<Run>& placed, typename FrontendTable<Abi>::Undo& undo);
  absl::Status Replace(const plan::PlannedService& planned, ServicePort& port);
  absl::Status ReplaceAtRandom(plan::PlannedService planned, ServicePort& port);
  absl::Status RemovePort(bool is_host_port, Protocol protocol, ServicePort& port);

  std::map<plan::ServicePortName, ServicePort> installed_;
  std::map<uint32_t, ServicePort> adopted_;  // by id
  FrontendTable<Abi> frontends_;
  BackendTable<Abi> backends_;
  SourceRangeTable<Abi> source_ranges_;
  RunTable<Abi> runs_;
  uint32_t next_id_ = 1;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_FAMILY_SERVICES_H_
