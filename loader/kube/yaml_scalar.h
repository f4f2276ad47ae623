// SPDX-License-Identifier: Apache-2.0
//
// YAML 1.2 core schema (YAML 1.2.2, 10.3.2): what type an unquoted scalar has.
#ifndef FAIRLEAD_LOADER_KUBE_YAML_SCALAR_H_
#define FAIRLEAD_LOADER_KUBE_YAML_SCALAR_H_

#include <nlohmann/json.hpp>
#include <string>

namespace fairlead::kube {

// `tag` as yaml-cpp reports it: "?" plain, "!" quoted, or an explicit tag. Infinities and NaN stay
// strings, since JSON has none.
nlohmann::json TypedScalar(const std::string& tag, const std::string& text);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_YAML_SCALAR_H_
