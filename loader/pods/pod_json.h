// SPDX-License-Identifier: Apache-2.0
//
// A pod as JSON, for PodStore.
#ifndef FAIRLEAD_LOADER_PODS_POD_JSON_H_
#define FAIRLEAD_LOADER_PODS_POD_JSON_H_

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

nlohmann::json PodToJson(const LocalPod& pod);
// InvalidArgument for values that make no sense; throws json::exception for a
// missing member or a wrong type, as nlohmann does.
absl::StatusOr<LocalPod> PodFromJson(const nlohmann::json& object);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_POD_JSON_H_
