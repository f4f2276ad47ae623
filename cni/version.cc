// SPDX-License-Identifier: Apache-2.0
#include "cni/version.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fairlead {

bool IsSupportedCniVersion(std::string_view version) {
  return std::ranges::find(kCniVersions, version) != std::end(kCniVersions);
}

bool IsCniVersionFrom(std::string_view version, std::string_view other) {
  return std::ranges::find(kCniVersions, version) >= std::ranges::find(kCniVersions, other);
}

const char* VersionThatBrought(CniCommand command) {
  switch (command) {
    case CniCommand::kAdd:
    case CniCommand::kDelete:
      break;
    case CniCommand::kCheck:
      return "0.4.0";
    case CniCommand::kGarbageCollect:
    case CniCommand::kStatus:
      return "1.1.0";
  }
  return kCniVersions[0];
}

std::string VersionOf(std::string_view configuration) {
  const auto parsed = nlohmann::json::parse(configuration, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return kNewestCniVersion;
  const auto version = parsed.find("cniVersion");
  if (version == parsed.end() || !version->is_string()) return kNewestCniVersion;
  std::string text = version->get<std::string>();
  return IsSupportedCniVersion(text) ? text : kNewestCniVersion;
}

}  // namespace fairlead
