// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/dump_map.h"

namespace fairlead::cli {
namespace {

// What may follow `app`: its subcommands and its own options.
std::string Words(const CLI::App& app) {
  std::string words;
  for (const CLI::App* sub : app.get_subcommands(nullptr)) words += sub->get_name() + " ";
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  return words;
}

std::string Case(const std::string& pattern, const std::string& words) {
  return fmt::format("    {}) words='{}' ;;\n", pattern, words);
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  std::string cases;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() == "completion") continue;
    cases += Case(sub->get_name(), Words(*sub));
  }
  return fmt::format(R"(# bash completion for fairlead: source <(fairlead completion bash)
_fairlead() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} words
  case $previous in
    dump) words='{}' ;;
    -o|--output) words='table wide json' ;;
    completion) words='bash' ;;
{}    *) words='{}' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -F _fairlead fairlead
)",
                     fmt::join(DumpableMaps(), " "), cases, Words(app));
}

}  // namespace fairlead::cli
