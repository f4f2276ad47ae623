// SPDX-License-Identifier: Apache-2.0
#include "loader/config/fairlead_config.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "loader/config/config_object.h"

namespace fairlead::config {
namespace {

bool IsCamelCase(const std::string& key) {
  return !key.empty() && std::islower(static_cast<unsigned char>(key[0])) != 0 &&
         std::ranges::all_of(key, [](unsigned char c) { return std::isalnum(c) != 0; });
}

// "podCidrs" → "--pod-cidrs"
std::string FlagOf(const std::string& key) {
  std::string flag = "--";
  for (const char c : key) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isupper(letter) != 0) flag.push_back('-');
    flag.push_back(static_cast<char>(std::tolower(letter)));
  }
  return flag;
}

}  // namespace

absl::Status ReadFairleadConfig(const nlohmann::json& root, const HostFacts& /*host*/,
                                ConfigFile& file) {
  for (const auto& [key, value] : root.items()) {
    if (key == "apiVersion" || key == "kind" || value.is_null()) continue;
    if (!IsCamelCase(key)) return KeyError(key, "is no key of FairleadConfiguration");
    Setting setting{.flag = FlagOf(key), .values = {}, .key = key};
    FL_ASSIGN_OR_RETURN(setting.values, FlagValues(key, value));
    file.settings.push_back(std::move(setting));
  }
  return absl::OkStatus();
}

}  // namespace fairlead::config
