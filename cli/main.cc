// SPDX-License-Identifier: Apache-2.0
//
// fairlead — look at this node's dataplane. Finds the command, prints what it
// says or why it cannot, and makes that an exit code: 0 fine, 1 no or
// unhealthy, 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/completion.h"

namespace fairlead::cli {
namespace {

std::string FromEnvironment(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

struct Choice {
  CLI::App* app;
  std::unique_ptr<Command> command;
};

std::vector<Choice> AddCommands(CLI::App& app) {
  std::vector<Choice> choices;
  for (auto make : {MakeStatusCommand, MakeServicesCommand, MakeBackendsCommand, MakePodsCommand,
                    MakeNodesCommand, MakeFlowsCommand, MakeDropsCommand, MakeMapsCommand,
                    MakeMetricsCommand}) {
    std::unique_ptr<Command> command = make();
    CLI::App* sub = app.add_subcommand(command->name(), command->summary());
    command->AddOptions(*sub);
    choices.push_back({sub, std::move(command)});
  }
  return choices;
}

int Report(const absl::Status& status) {
  std::cerr << "fairlead: " << status.message() << '\n';
  return status.code() == absl::StatusCode::kInvalidArgument ? kUsage : kNo;
}

int Main(int argc, char** argv) {
  Options options;
  options.bpffs = FromEnvironment("FAIRLEAD_BPFFS", "/sys/fs/bpf/fairlead");
  options.names_file = FromEnvironment("FAIRLEAD_NAMES", "/var/lib/fairlead/names.json");

  CLI::App app("Look at this node's dataplane. Reads the pinned tables, with or without a daemon.",
               "fairlead");
  app.set_version_flag("--version", "fairlead " FAIRLEAD_VERSION);
  app.add_option("--bpffs", options.bpffs, "where fairleadd has pinned its maps ($FAIRLEAD_BPFFS)")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--names", options.names_file, "the daemon's file of names ($FAIRLEAD_NAMES)")
      ->type_name("FILE")
      ->capture_default_str();
  const std::map<std::string, Output> outputs = {
      {"table", Output::kTable}, {"wide", Output::kWide}, {"json", Output::kJson}};
  std::string output = "table";
  app.add_option("-o,--output", output, "table, wide or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember(outputs))
      ->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();
  const std::vector<Choice> choices = AddCommands(app);
  CLI::App* completion = app.add_subcommand("completion", "print a completion script");
  std::string shell;
  completion->add_option("SHELL", shell, "bash")->required()->check(CLI::IsMember({"bash"}));

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kUsage;
  }
  options.output = outputs.at(output);
  if (completion->parsed()) {
    std::cout << BashCompletion(app);
    return kFine;
  }
  for (const Choice& choice : choices) {
    if (!choice.app->parsed()) continue;
    const absl::StatusOr<int> exit_code = choice.command->Run(options, std::cout);
    std::cout.flush();
    return exit_code.ok() ? *exit_code : Report(exit_code.status());
  }
  return kUsage;
}

}  // namespace
}  // namespace fairlead::cli

int main(int argc, char** argv) { return fairlead::cli::Main(argc, argv); }
