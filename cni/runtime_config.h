// SPDX-License-Identifier: Apache-2.0
//
// The capabilities that a runtime may use: runtimeConfig.portMappings, .ips and
// .mac of a network configuration. Pure.
#ifndef FAIRLEAD_CNI_RUNTIME_CONFIG_H_
#define FAIRLEAD_CNI_RUNTIME_CONFIG_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "loader/pods/cni_protocol.h"

namespace fairlead {

// More mappings than this of one pod are refused.
inline constexpr size_t kMostPortMappings = 64;

// Reads `configuration`'s runtimeConfig into `pod`. What this plugin does not
// know there was meant for another one of the chain.
std::optional<CniError> ReadRuntimeConfig(const nlohmann::json& configuration, PodRequest* pod);

}  // namespace fairlead

#endif  // FAIRLEAD_CNI_RUNTIME_CONFIG_H_
