// SPDX-License-Identifier: Apache-2.0
//
// FairleadConfiguration: every flag of fairleadd is a key, spelled in
// camelCase, with a scalar or a list as its value:
//
//   apiVersion: fairlead.io/v1alpha1
//   kind: FairleadConfiguration
//   nodeName: node1
//   podCidrs: [10.244.1.0/24, "fd00:10:244:1::/64"]
#ifndef FAIRLEAD_LOADER_CONFIG_FAIRLEAD_CONFIG_H_
#define FAIRLEAD_LOADER_CONFIG_FAIRLEAD_CONFIG_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/status/status.h"
#include "loader/config/config_file.h"

namespace fairlead::config {

// InvalidArgument: "key: reason". That a flag exists is for the flags to say.
absl::Status ReadFairleadConfig(const nlohmann::json& root, const HostFacts& host,
                                ConfigFile& file);

}  // namespace fairlead::config

#endif  // FAIRLEAD_LOADER_CONFIG_FAIRLEAD_CONFIG_H_
