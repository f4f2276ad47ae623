// SPDX-License-Identifier: Apache-2.0
//
// What both kinds of configuration share: how a value of the file becomes the
// text behind a flag. Errors begin with the key's path, as FieldReader's do.
#ifndef FAIRLEAD_LOADER_CONFIG_CONFIG_OBJECT_H_
#define FAIRLEAD_LOADER_CONFIG_CONFIG_OBJECT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fairlead::config {

// A scalar, or a list of them.
absl::StatusOr<std::vector<std::string>> FlagValues(const std::string& key,
                                                    const nlohmann::json& value);

absl::Status KeyError(std::string_view key, std::string_view reason);

}  // namespace fairlead::config

#endif  // FAIRLEAD_LOADER_CONFIG_CONFIG_OBJECT_H_
