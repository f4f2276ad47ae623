// SPDX-License-Identifier: Apache-2.0
//
// The flags of fairleadd, the one list of them: a configuration file
// (loader/config) can say what they can say, and nothing else.
#ifndef FAIRLEAD_LOADER_DAEMON_FLAGS_H_
#define FAIRLEAD_LOADER_DAEMON_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "loader/config/config_file.h"
#include "loader/daemon/options.h"

namespace fairlead {

// `options` must outlive `app`; it holds the defaults.
void AddFlags(CLI::App& app, Options& options);

// All of them and their values, to be shown.
std::vector<std::pair<std::string, std::string>> FlagsInUse(const CLI::App& app);

// After the command line was parsed: what the file says where the command line
// is silent. What it is not silent about is no longer among the file's settings.
// InvalidArgument, naming file, line and key.
absl::Status ApplyConfig(config::ConfigFile& file, CLI::App& app);

// Puts in front of a complaint about "--flag …" which line of the file said so, if one did.
absl::Status LocateInConfig(const config::ConfigFile& file, const absl::Status& complaint);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_FLAGS_H_
