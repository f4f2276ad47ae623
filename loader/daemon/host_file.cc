// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/host_file.h"

#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/status_macros.h"

namespace fairlead {

absl::Status HostFile::Write(const std::map<std::string, SysctlKeeper::Kept>& sysctls,
                             const std::set<std::string>& problems) {
  nlohmann::json host = {{"sysctls", nlohmann::json::object()}, {"problems", problems}};
  for (const auto& [name, kept] : sysctls) {
    host["sysctls"][name] = {{"value", kept.value}, {"flips", kept.flips}};
  }
  std::string text = host.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (text == written_) return absl::OkStatus();
  FL_RETURN_IF_ERROR(WriteFileDurably(path_, text));
  written_ = std::move(text);
  return absl::OkStatus();
}

}  // namespace fairlead
