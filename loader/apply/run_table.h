// SPDX-License-Identifier: Apache-2.0
//
// RunTable: one family's `runs`. A run is a stretch of backend numbers that a
// service points to: each backend once, or a Maglev table of them.
#ifndef FAIRLEAD_LOADER_APPLY_RUN_TABLE_H_
#define FAIRLEAD_LOADER_APPLY_RUN_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "loader/apply/run_space.h"
#include "loader/plan/maglev_table.h"
#include "maps/tables.h"

namespace fairlead::apply {

struct Run {
  uint32_t first = 0;
  uint32_t count = 0;  // entries; 0: there is none, and nothing below
  // What is written there; empty if the run is the table below.
  std::vector<uint32_t> numbers = {};
  std::vector<plan::WeightedEndpoint> table_of = {};  // empty, too, of an adopted run
};

// What a run shall be: these backends, in the order of the plan.
struct WantedRun {
  std::vector<uint32_t> numbers;
  std::vector<plan::WeightedEndpoint> endpoints;  // of the same, if it is to be a table
  uint32_t table_size = 0;                        // 0: no table
};

template <typename Abi>
class RunTable {
 public:
  RunTable() = default;
  // `tables` outlives this object.
  explicit RunTable(FamilyTables<Abi>& tables) : runs_(&tables.runs), space_(runs_->size()) {}

  // A run that an earlier daemon has written; DataLoss if it cannot be one.
  absl::StatusOr<Run> Adopt(uint32_t first, uint32_t count);

  // One of `placed` or `current` if it is there already, else it is written. Either is in `placed`
  // then. ResourceExhausted, naming the table. Price: a table is computed only if it is new.
  absl::StatusOr<Run> Place(WantedRun wanted, const std::vector<Run>& current,
                            std::vector<Run>& placed);

  // Those that are not `kept`.
  void GiveBack(const std::vector<Run>& runs, const std::vector<Run>& kept);
  // After a batch: what was given back may be used again.
  void Settle() { space_.Settle(); }

 private:
  MappedArray<uint32_t>* runs_ = nullptr;
  RunSpace space_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_RUN_TABLE_H_
