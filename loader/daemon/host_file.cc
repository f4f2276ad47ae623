// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/host_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/printable.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

std::vector<std::string> Bounded(const std::vector<std::string>& texts) {
  std::vector<std::string> bounded;
  for (const std::string& text : texts) {
    if (bounded.size() == HostFile::kMostProblems) {
      bounded.push_back(fmt::format("and {} more", texts.size() - HostFile::kMostProblems));
      break;
    }
    bounded.push_back(Printable(text));
  }
  return bounded;
}

}  // namespace

absl::Status HostFile::Write(const std::map<std::string, SysctlKeeper::Kept>& sysctls,
                             const Problems& problems) {
  nlohmann::json host = {{"sysctls", nlohmann::json::object()},
                         {"problems", nlohmann::json::object()}};
  for (const auto& [about, texts] : problems) {
    if (!texts.empty()) host["problems"][about] = Bounded(texts);
  }
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
