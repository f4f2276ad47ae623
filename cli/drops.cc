// SPDX-License-Identifier: Apache-2.0
//
// fairlead drops — what was refused, where and why; with --all, everything that
// happened to packets.
#include <CLI/CLI.hpp>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"
#include "maps/counter/verdict_counters.h"

namespace fairlead::cli {
namespace {

class DropsCommand final : public Command {
 public:
  const char* name() const override { return "drops"; }
  const char* summary() const override { return "packets by what became of them, refused first"; }

  void AddOptions(CLI::App& app) override {
    app.add_flag("--all", all_, "also what was forwarded or answered");
  }

  absl::StatusOr<int> Run(const Options& options, std::ostream& out) override {
    FL_ASSIGN_OR_RETURN(const PinnedNode node, PinnedNode::Open(options));
    FL_ASSIGN_OR_RETURN(const std::vector<VerdictCount> counts, ReadVerdictCounts(node.tables()));
    std::vector<Json> rows;
    for (const bool drops : {true, false}) {
      for (const VerdictCount& count : counts) {
        if (IsDrop(count.reason) == drops && (drops || all_)) rows.push_back(Row(count));
      }
    }
    if (rows.empty() && options.output != Output::kJson) {
      out << (all_ ? "no packet has been seen\n" : "no packet has been dropped\n");
      return kFine;
    }
    PrintRows(out,
              {{"REASON", "reason"},
               {"HOOK", "hook"},
               {"FAMILY", "family"},
               {"PACKETS", "packets"},
               {"BYTES", "bytes"},
               {"MEANING", "meaning"}},
              rows, options.output);
    return kFine;
  }

 private:
  static Json Row(const VerdictCount& count) {
    return {{"reason", VerdictName(count.reason)},
            {"drop", IsDrop(count.reason)},
            {"hook", HookName(count.hook)},
            {"family", static_cast<int>(count.family)},
            {"packets", count.packets},
            {"bytes", count.bytes},
            {"meaning", VerdictSentence(count.reason)}};
  }

  bool all_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeDropsCommand() { return std::make_unique<DropsCommand>(); }

}  // namespace fairlead::cli
