// SPDX-License-Identifier: Apache-2.0
#include "loader/config/config_object.h"

#include <fmt/format.h>

#include "base/status_macros.h"

namespace fairlead::config {

using nlohmann::json;

namespace {

absl::StatusOr<std::string> FlagValue(const std::string& key, const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number_integer()) return value.dump();
  // 1e3 may have been a name.
  if (value.is_number()) return KeyError(key, "is a fraction; a text needs quotes");
  return KeyError(key, "must be a text, a number, true or false, or a list of these");
}

}  // namespace

absl::Status KeyError(std::string_view key, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", key, reason));
}

absl::StatusOr<std::vector<std::string>> FlagValues(const std::string& key, const json& value) {
  std::vector<std::string> values;
  if (!value.is_array()) {
    FL_ASSIGN_OR_RETURN(values.emplace_back(), FlagValue(key, value));
    return values;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    FL_ASSIGN_OR_RETURN(values.emplace_back(), FlagValue(fmt::format("{}[{}]", key, i), value[i]));
  }
  return values;
}

}  // namespace fairlead::config
