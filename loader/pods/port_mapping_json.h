// SPDX-License-Identifier: Apache-2.0
//
// Port mappings as JSON, in the words of the CNI capability: on disk
// (pods.json) and between fairlead-cni and fairleadd.
#ifndef FAIRLEAD_LOADER_PODS_PORT_MAPPING_JSON_H_
#define FAIRLEAD_LOADER_PODS_PORT_MAPPING_JSON_H_

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/status/statusor.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

nlohmann::json PortMappingsToJson(const std::vector<PortMapping>& mappings);

// `list`: [{"protocol": "tcp", "hostPort": 80, "containerPort": 8080, "hostIP": "192.0.2.1"}, …],
// hostIP may be missing. InvalidArgument for a port that is none or an unknown
// protocol; throws json::exception for a wrong type, as nlohmann does.
absl::StatusOr<std::vector<PortMapping>> PortMappingsFromJson(const nlohmann::json& list);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_PORT_MAPPING_JSON_H_
