// SPDX-License-Identifier: Apache-2.0
//
// SourceRangeTable: one family's `source_ranges`. A service port's ranges are
// there before an entry asks for them, and go after it has stopped asking.
#ifndef FAIRLEAD_LOADER_APPLY_SOURCE_RANGE_TABLE_H_
#define FAIRLEAD_LOADER_APPLY_SOURCE_RANGE_TABLE_H_

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "maps/tables.h"

namespace fairlead::apply {

template <typename Abi>
class SourceRangeTable {
 public:
  // Reads what the table holds, which outlives this object.
  static absl::StatusOr<SourceRangeTable> Adopt(FamilyTables<Abi>& tables);

  // Of the service port with that id.
  std::vector<Cidr> Of(uint32_t service) const;
  // Adds what it does not have yet; on failure, some of that.
  absl::Status Add(uint32_t service, const std::vector<Cidr>& ranges);
  // Takes away all but these.
  absl::Status Trim(uint32_t service, const std::vector<Cidr>& ranges);
  // Takes away those of service ports that are not `known`.
  absl::Status Forget(const std::set<uint32_t>& known);

 private:
  FamilyTables<Abi>* tables_ = nullptr;
  std::map<uint32_t, std::set<Cidr>> ranges_;  // by service port, none empty
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_SOURCE_RANGE_TABLE_H_
