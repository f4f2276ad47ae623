// SPDX-License-Identifier: Apache-2.0
//
// lab.json: what a later command must know of a lab and cannot see by looking.
#ifndef FAIRLEAD_LAB_LAB_RECORD_H_
#define FAIRLEAD_LAB_LAB_RECORD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lab/lab_folder.h"
#include "lab/topology.h"

namespace fairlead::lab {

struct LabRecord {
  std::vector<int> nodes;  // their numbers, rising; nodes may have left
  Fabric fabric;
  std::vector<std::string> daemon_flags;  // for every fairleadd, after the lab's own

  absl::Status Write(const LabFolder& folder) const;
  static absl::StatusOr<LabRecord> Read(const LabFolder& folder);  // NOT_FOUND: no such lab
};

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_LAB_RECORD_H_
