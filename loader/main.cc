// SPDX-License-Identifier: Apache-2.0
//
// fairleadd — the node daemon. Flags and their file, then the controller, then an exit code;
// nothing else happens here.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/config/config_file.h"
#include "loader/daemon/cleanup.h"
#include "loader/daemon/controller.h"
#include "loader/daemon/flags.h"
#include "loader/daemon/node_claim.h"
#include "loader/daemon/options.h"

namespace fairlead {
namespace {

constexpr int kUsageError = 2;

int Fail(const absl::Status& status) {
  LogError("{}", std::string(status.message()));
  return EXIT_FAILURE;
}

std::string NoteText(const config::ConfigFile& file, const config::Note& note) {
  return fmt::format("{} {}", file.Where(note.key, note.line), note.reason);
}

// Reads the file and completes the command line by it.
absl::StatusOr<config::ConfigFile> TakeConfig(const std::string& path, CLI::App& app) {
  FL_ASSIGN_OR_RETURN(config::ConfigFile file, config::ReadConfigFile(path));
  FL_RETURN_IF_ERROR(ApplyConfig(file, app));
  return file;
}

// What the file would do, as flags; or what is wrong with it.
int CheckConfig(const std::string& path, const Options& options, CLI::App& app) {
  const absl::StatusOr<config::ConfigFile> file = TakeConfig(path, app);
  absl::Status status = file.status();
  if (status.ok()) status = LocateInConfig(*file, ValidateValues(options));
  if (!status.ok()) {
    fmt::print(stderr, "{}\n", std::string(status.message()));
    return EXIT_FAILURE;
  }
  for (const config::Setting& setting : file->settings) {
    fmt::print("{} {}{}\n", setting.flag, fmt::join(setting.values, ","),
               setting.implied ? fmt::format("  ({} is not set)", setting.key) : "");
  }
  for (const config::Note& note : file->notes) fmt::print("{}\n", NoteText(*file, note));
  fmt::print("{}: a {} that fairleadd takes\n", path, file->kind);
  return EXIT_SUCCESS;
}

// Maps, pods and HTTP clients have a descriptor each; the usual limit of 1024 is
// there for programs that use select().
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int RunDaemon(const Options& options) {
  const absl::StatusOr<std::unique_ptr<Controller>> controller = Controller::Create(options);
  if (!controller.ok()) return Fail(controller.status());
  const absl::Status status = (*controller)->Run();
  return status.ok() ? EXIT_SUCCESS : Fail(status);
}

int Main(int argc, char** argv) {
  Options options;
  std::string config_path, checked_path;
  CLI::App app{"fairleadd: pod network and service proxy of a Kubernetes node"};
  app.set_version_flag("--version", FAIRLEAD_VERSION);
  app.add_option("--config", config_path,
                 "a FairleadConfiguration or a KubeProxyConfiguration, also in a ConfigMap; flags "
                 "win over it");
  AddFlags(app, options);
  app.fallthrough();
  const CLI::App* cleanup =
      app.add_subcommand("cleanup", "remove everything fairlead ever made on this node, and exit");
  CLI::App* check = app.add_subcommand("check-config", "say what is wrong with such a file");
  check->add_option("FILE", checked_path)->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsageError;
  }
  if (check->parsed()) return CheckConfig(checked_path, options, app);
  config::ConfigFile file;
  absl::Status usage;
  if (!config_path.empty()) {
    absl::StatusOr<config::ConfigFile> read = TakeConfig(config_path, app);
    usage = read.status();
    if (read.ok()) file = *std::move(read);
  }
  InitLog("fairleadd", options.log_level);
  if (usage.ok() && !cleanup->parsed()) usage = LocateInConfig(file, ValidateOptions(options));
  if (!usage.ok()) {
    LogError("{}", std::string(usage.message()));
    return kUsageError;
  }
  const absl::StatusOr<NodeClaim> claim = NodeClaim::Take(options.state_dir);
  if (!claim.ok()) return Fail(claim.status());
  if (cleanup->parsed()) return CleanUp(options).ok() ? EXIT_SUCCESS : EXIT_FAILURE;
  for (const config::Note& note : file.notes) LogWarn("{}", NoteText(file, note));
  RaiseFileLimit();
  options.flags = FlagsInUse(app);
  options.version = FAIRLEAD_VERSION;
  return RunDaemon(options);
}

}  // namespace
}  // namespace fairlead

int main(int argc, char** argv) {
  try {
    return fairlead::Main(argc, argv);
  } catch (const std::exception& error) {
    // A library threw where we did not expect it. The dataplane carries on; the
    // service manager starts us again.
    std::fprintf(stderr, "fairleadd: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
