// SPDX-License-Identifier: Apache-2.0
#include "cli/host_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "cli/live_program.h"

namespace fairlead::cli {
namespace {

void Append(const IpAddress& address, std::vector<std::string>& texts) {
  if (!address.IsUnspecified()) texts.push_back(address.ToString());
}

absl::Status ReadUplinks(const PinnedNode& node, HostReport& report) {
  FL_ASSIGN_OR_RETURN(auto uplinks, node.tables().uplinks.Snapshot());
  std::sort(uplinks.begin(), uplinks.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [ifindex, uplink] : uplinks) {
    std::vector<std::string> addresses;
    Append(FromAbi(uplink.address4), addresses);
    Append(FromAbi(uplink.address6), addresses);
    const std::string name = DeviceName(ifindex);
    report.uplinks.push_back(fmt::format("{} ({})",
                                         name.empty() ? fmt::format("gone {}", ifindex) : name,
                                         fmt::join(addresses, ", ")));
  }
  if (uplinks.empty()) report.warnings.emplace_back("no uplink: pods reach this node only");
  return absl::OkStatus();
}

// The value of "net/ipv4/ip_forward"; nothing for a setting that is gone, or a
// name that is none.
std::optional<std::string> SysctlNow(const std::string& name) {
  if (!name.starts_with("net/") || name.find("..") != std::string::npos) return std::nullopt;
  absl::StatusOr<std::string> value = ReadWholeFile("/proc/sys/" + name);
  if (!value.ok()) return std::nullopt;
  while (value->ends_with('\n')) value->pop_back();
  return *value;
}

void JudgeSysctl(const std::string& name, const Json& kept, HostReport& report) {
  const std::string wanted = kept.value("value", "");
  const uint64_t flips = kept.value("flips", uint64_t{0});
  const std::optional<std::string> found = SysctlNow(name);
  if (!found.has_value()) return;
  report.sysctls.push_back(
      {{"name", name}, {"wanted", wanted}, {"found", *found}, {"flips", flips}});
  if (*found != wanted) {
    report.problems.push_back(fmt::format("{} is {}, pods need {}", name, *found, wanted));
  } else if (flips != 0) {
    report.warnings.push_back(
        fmt::format("{} has been changed {} times by somebody else, and put back", name, flips));
  }
}

absl::Status ReadHostFile(const std::string& path, HostReport& report) {
  const absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (!text.ok()) return text.status();
  const Json host = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!host.is_object()) return absl::DataLossError(path + ": not a JSON object");
  const Json sysctls = host.value("sysctls", Json::object());
  for (const auto& [name, kept] : sysctls.items()) {
    if (kept.is_object()) JudgeSysctl(name, kept, report);
  }
  const Json problems = host.value("problems", Json::object());
  if (problems.is_object()) report.noted = problems;
  for (const auto& [about, texts] : report.noted.items()) {
    for (const Json& problem : texts) {
      if (!problem.is_string()) continue;
      report.warnings.push_back(
          fmt::format("fairleadd, {}: {}", about, problem.get<std::string>()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<HostReport> ReadHostReport(const PinnedNode& node, const Options& options) {
  HostReport report;
  Append(FromAbi(node.tables().v4.node_state[0].address), report.addresses);
  Append(FromAbi(node.tables().v6.node_state[0].address), report.addresses);
  FL_RETURN_IF_ERROR(ReadUplinks(node, report));
  const std::filesystem::path names(options.names_file);
  FL_RETURN_IF_ERROR(ReadHostFile(names.parent_path() / "host.json", report));
  return report;
}

}  // namespace fairlead::cli
