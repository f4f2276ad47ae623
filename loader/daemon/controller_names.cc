// SPDX-License-Identifier: Apache-2.0
//
// Controller's share in names.json, which grows with the cluster and is only for
// people: after everything else, and once a second at most but for pods, whose
// names are asked for as soon as they run.
#include <string>

#include "base/log.h"
#include "loader/daemon/controller.h"
#include "loader/daemon/names_file.h"

namespace fairlead {

void Controller::NamesChanged() {
  names_are_old_ = true;
  if (!names_are_fresh_) WriteNames();
}

void Controller::WriteNamesOfNewPods() {
  if (pods_->changes() != named_changes_) WriteNames();
}

// With every tick.
void Controller::WriteNamesLeft() {
  names_are_fresh_ = false;
  WriteNamesOfNewPods();
  if (names_are_old_) WriteNames();
}

void Controller::WriteNames() {
  names_are_old_ = false;
  names_are_fresh_ = true;
  named_changes_ = pods_->changes();
  const absl::Status status = WriteNamesFile(options_.state_dir + "/names.json", planner_.plan(),
                                             pods_->pods(), dataplane_->node_slots());
  if (!status.ok()) LogError("write names for people: {}", std::string(status.message()));
}

}  // namespace fairlead
