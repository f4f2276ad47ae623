// SPDX-License-Identifier: Apache-2.0
//
// FrontendTable: one family's `services`, `service_ports` and the ClusterIPs in
// `prefixes`, kept in step: the bit of a port, and the prefix of an address, are
// set after its first entry and cleared before its last.
#ifndef FAIRLEAD_LOADER_APPLY_FRONTEND_TABLE_H_
#define FAIRLEAD_LOADER_APPLY_FRONTEND_TABLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/apply/port_bits.h"
#include "loader/apply/service_prefixes.h"
#include "loader/plan/service_plan.h"
#include "maps/tables.h"

namespace fairlead::apply {

template <typename Abi>
class FrontendTable {
 public:
  using Entries = std::map<plan::Frontend, service>;
  // What was there before each Put, to take it back.
  using Undo = std::vector<std::pair<plan::Frontend, std::optional<service>>>;

  // Reads what the tables hold. They outlive this object.
  static absl::StatusOr<FrontendTable> Adopt(FamilyTables<Abi>& tables);

  // Replaces the entry as a whole; no write if it is there already.
  absl::Status Put(const plan::Frontend& frontend, const service& entry, Undo& undo);
  void TakeBack(const Undo& undo);
  // Unless it has another owner by now.
  absl::Status Erase(const plan::Frontend& frontend, uint32_t owner);

  // Where ClusterIPs are from.
  absl::Status SetServiceCidrs(const std::vector<Cidr>& cidrs) { return prefixes_.SetCidrs(cidrs); }
  // After NodeTables may have changed theirs.
  absl::Status KeepPrefixes() { return prefixes_.Keep(); }

  const Entries& entries() const { return entries_; }
  // The entry if that service port owns it, or nullptr.
  const service* Find(const plan::Frontend& frontend, uint32_t owner) const;

 private:
  FamilyTables<Abi>* tables_ = nullptr;
  Entries entries_;
  PortBits bits_;
  ServicePrefixes<Abi> prefixes_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_FRONTEND_TABLE_H_
