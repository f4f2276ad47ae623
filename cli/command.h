// SPDX-License-Identifier: Apache-2.0
//
// What every command of `fairlead` offers. A command looks at the pinned tables
// and prints what it found in domain words; it never changes anything.
#ifndef FAIRLEAD_CLI_COMMAND_H_
#define FAIRLEAD_CLI_COMMAND_H_

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

// CLI11's own header is kept out of ours: it is big.
namespace CLI {
class App;
}

namespace fairlead::cli {

enum class Output { kTable, kWide, kJson };

struct Options {
  std::string bpffs;       // the directory that holds v1/
  std::string names_file;  // the daemon's names.json; may be absent
  Output output = Output::kTable;
};

// Exit codes. An error that Run returns is kNo, too: the node cannot answer.
constexpr int kFine = 0;
constexpr int kNo = 1;     // the answer is "no" or "unhealthy"
constexpr int kUsage = 2;  // the question makes no sense

class Command {
 public:
  virtual ~Command() = default;

  virtual const char* name() const = 0;
  virtual const char* summary() const = 0;  // one line, no full stop
  // Adds what only this command takes. `app` is its subcommand and outlives it.
  virtual void AddOptions(CLI::App& /*app*/) {}
  // Prints to `out` and returns an exit code. InvalidArgument: wrong usage.
  virtual absl::StatusOr<int> Run(const Options& options, std::ostream& out) = 0;
};

std::unique_ptr<Command> MakeStatusCommand();
std::unique_ptr<Command> MakeServicesCommand();
std::unique_ptr<Command> MakeBackendsCommand();
std::unique_ptr<Command> MakePodsCommand();
std::unique_ptr<Command> MakeNodesCommand();
std::unique_ptr<Command> MakeFlowsCommand();
std::unique_ptr<Command> MakeDropsCommand();
std::unique_ptr<Command> MakeMapsCommand();
std::unique_ptr<Command> MakeMetricsCommand();

}  // namespace fairlead::cli

#endif  // FAIRLEAD_CLI_COMMAND_H_
