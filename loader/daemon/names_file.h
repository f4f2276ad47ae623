// SPDX-License-Identifier: Apache-2.0
//
// names.json: what the numbers in the tables are called in Kubernetes, for the
// CLI's columns. Nothing depends on it.
#ifndef FAIRLEAD_LOADER_DAEMON_NAMES_FILE_H_
#define FAIRLEAD_LOADER_DAEMON_NAMES_FILE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "loader/plan/service_plan.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

// Replaces the file atomically; 0600.
absl::Status WriteNamesFile(const std::string& path, const plan::ServicePlan& services,
                            const std::vector<LocalPod>& pods,
                            const std::map<std::string, uint32_t>& node_slots);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_NAMES_FILE_H_
