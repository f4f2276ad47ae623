// SPDX-License-Identifier: Apache-2.0
//
// fairlead maps list, fairlead maps dump NAME — the tables as they are.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/dump_map.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"
#include "maps/usage/map_usage.h"

namespace fairlead::cli {
namespace {

// {"a": 1, "b": {"c": 2}} as "a=1 b.c=2".
std::string Flat(const Json& value, const std::string& prefix) {
  if (!value.is_structured() || value.empty()) {
    return prefix.empty() ? Cell(value) : fmt::format("{}={}", prefix, Cell(value));
  }
  std::string text;
  for (const auto& [key, inner] : value.items()) {
    const std::string name = prefix.empty() ? key : fmt::format("{}.{}", prefix, key);
    text += (text.empty() ? "" : " ") + Flat(inner, name);
  }
  return text;
}

class MapsCommand final : public Command {
 public:
  const char* name() const override { return "maps"; }
  const char* summary() const override { return "the tables as they are: list, dump NAME"; }

  void AddOptions(CLI::App& app) override {
    app.require_subcommand(1);
    list_ = app.add_subcommand("list", "every map, its shape, how full it is and what it is for");
    CLI::App* dump = app.add_subcommand("dump", "every entry of one map");
    dump->add_option("NAME", map_, "the map, as maps list calls it")->required();
    dump->add_flag("--all", all_, "also unused elements of arrays");
  }

  absl::StatusOr<int> Run(const Options& options, std::ostream& out) override {
    if (!list_->parsed()) FL_RETURN_IF_ERROR(CheckMapName(map_));
    FL_ASSIGN_OR_RETURN(const PinnedNode node, PinnedNode::Open(options));
    return list_->parsed() ? List(node, options, out) : Dump(node, options, out);
  }

 private:
  static absl::StatusOr<int> List(const PinnedNode& node, const Options& options,
                                  std::ostream& out) {
    FL_ASSIGN_OR_RETURN(const std::vector<MapUsage> maps,
                        ReadMapUsage(node.tables(), node.directory()));
    std::vector<Json> rows;
    rows.reserve(maps.size());
    for (const MapUsage& map : maps) {
      rows.push_back({{"name", map.name},
                      {"type", map.type},
                      {"key_bytes", map.key_bytes},
                      {"value_bytes", map.value_bytes},
                      {"used", map.used.has_value() ? Json(*map.used) : Json()},
                      {"max", map.max},
                      {"memory_bytes", map.memory_bytes},
                      {"purpose", MapPurpose(map.name)}});
    }
    PrintRows(out,
              {{"NAME", "name"},
               {"TYPE", "type"},
               {"KEY", "key_bytes"},
               {"VALUE", "value_bytes"},
               {"USED", "used"},
               {"MAX", "max"},
               {"MEMORY", "memory_bytes"},
               {"PURPOSE", "purpose"}},
              rows, options.output);
    return kFine;
  }

  absl::StatusOr<int> Dump(const PinnedNode& node, const Options& options, std::ostream& out) {
    if (options.output == Output::kJson) {
      JsonArray array(out);
      absl::Status status = DumpMap(node, map_, all_, [&](const Json& key, const Json& value) {
        array.Add({{"key", key}, {"value", value}});
      });
      FL_RETURN_IF_ERROR(std::move(status));
      array.End();
      return kFine;
    }
    absl::Status status = DumpMap(node, map_, all_, [&](const Json& key, const Json& value) {
      out << Cell(key) << ": " << Flat(value, "") << '\n';
    });
    FL_RETURN_IF_ERROR(std::move(status));
    return kFine;
  }

  CLI::App* list_ = nullptr;
  std::string map_;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeMapsCommand() { return std::make_unique<MapsCommand>(); }

}  // namespace fairlead::cli
