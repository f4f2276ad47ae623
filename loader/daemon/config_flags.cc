// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "loader/daemon/flags.h"

namespace fairlead {
namespace {

absl::Status Wrong(const config::ConfigFile& file, const config::Setting& setting,
                   std::string_view reason) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {}", file.Where(setting.key, setting.line), reason));
}

// CLI11 throws what it does not like.
absl::Status Give(const config::ConfigFile& file, const config::Setting& setting,
                  CLI::Option& option) {
  try {
    for (const std::string& value : setting.values) option.add_result(value);
    option.run_callback();
  } catch (const CLI::Error& error) {
    return Wrong(file, setting, error.what());
  }
  return absl::OkStatus();
}

// There is one source of objects: that of the command line, if it names one.
constexpr const char* kSources[] = {"--manifests", "--kubeconfig", "--in-cluster"};

bool NamesSource(const CLI::App& app) {
  return std::ranges::any_of(kSources, [&app](const char* flag) {
    const CLI::Option* option = app.get_option_no_throw(flag);
    return option != nullptr && option->count() > 0;
  });
}

bool IsSource(const std::string& flag) {
  return std::ranges::find(kSources, flag) != std::end(kSources);
}

}  // namespace

absl::Status ApplyConfig(config::ConfigFile& file, CLI::App& app) {
  // What is no setting: it says how to run, or where the settings are.
  static const std::set<std::string> kNoKeys = {"--config", "--help", "--version"};
  const bool has_source = NamesSource(app);
  std::set<const CLI::Option*> from_file;
  std::vector<config::Setting> used;
  for (const config::Setting& setting : file.settings) {
    CLI::Option* option = app.get_option_no_throw(setting.flag);
    if (option == nullptr || kNoKeys.contains(setting.flag)) {
      return Wrong(file, setting, fmt::format("is no key of {}", file.kind));
    }
    if (from_file.contains(option)) return Wrong(file, setting, "was said before");
    if (option->count() > 0 || setting.values.empty()) continue;
    if (has_source && IsSource(setting.flag)) continue;
    if (setting.values.size() > 1 && option->get_expected_max() < 2) {
      return Wrong(file, setting, "must be one value, is a list");
    }
    from_file.insert(option);
    FL_RETURN_IF_ERROR(Give(file, setting, *option));
    used.push_back(setting);
  }
  file.settings = std::move(used);
  return absl::OkStatus();
}

absl::Status LocateInConfig(const config::ConfigFile& file, const absl::Status& complaint) {
  const std::string message(complaint.message());
  const std::string flag = message.substr(0, message.find_first_of(" :"));
  for (const config::Setting& setting : file.settings) {
    if (setting.flag == flag) return Wrong(file, setting, message);
  }
  return complaint;
}

}  // namespace fairlead
