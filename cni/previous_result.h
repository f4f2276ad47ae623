// SPDX-License-Identifier: Apache-2.0
//
// prevResult: what plugins before this one in a chain have made (ADD), or what
// the whole chain had made when the pod was added (CHECK).
#ifndef FAIRLEAD_CNI_PREVIOUS_RESULT_H_
#define FAIRLEAD_CNI_PREVIOUS_RESULT_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <variant>

#include "loader/pods/cni_protocol.h"

namespace fairlead {

// For ADD: why this plugin cannot come after `result`, which has the pod's
// interface or a default route already; nullopt if it can.
std::optional<CniError> CheckJoinable(const nlohmann::json& result,
                                      const std::string& interface_name);

// For CHECK: what `result` says of the pod's interface.
std::variant<ExpectedPod, CniError> ReadExpected(const nlohmann::json& result,
                                                 const std::string& interface_name);

// Puts our interfaces, addresses and routes behind those of `previous`, whose
// dns stays unless it is empty.
nlohmann::json JoinResults(nlohmann::json previous, const nlohmann::json& ours);

}  // namespace fairlead

#endif  // FAIRLEAD_CNI_PREVIOUS_RESULT_H_
