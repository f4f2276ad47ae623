// SPDX-License-Identifier: Apache-2.0
#include "loader/netfilter/kube_proxy_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

#include "base/status_macros.h"

namespace fairlead {

using nlohmann::json;

namespace {

constexpr char kTable[] = "kube-proxy";
constexpr char kKeeperTable[] = "fairlead";
constexpr const char* kFamilies[] = {"ip", "ip6"};
// Where kube-proxy hangs its chains in, if iptables itself runs on nftables.
constexpr const char* kIptablesTables[] = {"nat", "filter", "mangle"};

constexpr std::string_view kChains[] = {
    "KUBE-SERVICES",
    "KUBE-EXTERNAL-SERVICES",
    "KUBE-NODEPORTS",
    "KUBE-POSTROUTING",
    "KUBE-FORWARD",
    "KUBE-PROXY-FIREWALL",
    "KUBE-PROXY-CANARY",
    "KUBE-MARK-MASQ",
    "KUBE-NODE-PORT",
    "KUBE-LOAD-BALANCER",
    "KUBE-IPVS-FILTER",
    "KUBE-IPVS-OUT-FILTER",
    "KUBE-SOURCE-RANGES-FIREWALL",
};
// One for each Service, endpoint or port.
constexpr std::string_view kChainPrefixes[] = {
    "KUBE-SVC-", "KUBE-SVL-", "KUBE-SEP-", "KUBE-EXT-", "KUBE-FW-", "KUBE-XLB-",
};

std::string Text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

template <typename Names>
bool IsOneOf(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != std::end(names);
}

// The chain of kube-proxy in which one of the rule's expressions goes on; "": none.
std::string LeadsTo(const json& rule) {
  const auto expressions = rule.find("expr");
  if (expressions == rule.end() || !expressions->is_array()) return "";
  for (const json& expression : *expressions) {
    for (const char* verdict : {"jump", "goto"}) {
      const auto found = expression.find(verdict);
      if (found == expression.end()) continue;
      if (std::string target = Text(*found, "target"); IsKubeProxyChain(target)) return target;
    }
  }
  return "";
}

absl::Status FindJumps(Nftables& nftables, const std::string& chain, KubeProxyRules& rules) {
  FL_ASSIGN_OR_RETURN(const json elements, nftables.List("list chain " + chain));
  for (const json& element : elements) {
    const auto rule = element.find("rule");
    if (rule == element.end() || LeadsTo(*rule).empty()) continue;
    const auto handle = rule->find("handle");
    if (handle == rule->end() || !handle->is_number_integer()) continue;
    rules.jumps.push_back(fmt::format("{} handle {}", chain, handle->get<int64_t>()));
  }
  return absl::OkStatus();
}

// The built-in chains are the ones with a hook, and their names are iptables' own.
bool IsBuiltIn(const json& chain) {
  const std::string name = Text(chain, "name");
  return chain.contains("hook") && !name.empty() &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isupper(c) != 0; });
}

// Others' chains have the names that others chose: not every one may be part of a command.
bool IsPlain(const std::string& name) {
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
         std::ranges::all_of(
             name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

// "; ip nat MINE leads to KUBE-MARK-MASQ", for each chain that does; as far as it can be told.
std::string LeadingThere(Nftables& nftables) {
  std::string text;
  const absl::StatusOr<json> chains = nftables.List("list chains");
  if (!chains.ok()) return text;
  for (const json& element : *chains) {
    const auto chain = element.find("chain");
    if (chain == element.end()) continue;
    const std::string family = Text(*chain, "family"), table = Text(*chain, "table");
    const std::string name = Text(*chain, "name");
    if (!IsOneOf(kFamilies, family) || !IsOneOf(kIptablesTables, table)) continue;
    if (IsKubeProxyChain(name) || IsBuiltIn(*chain) || !IsPlain(name)) continue;
    const std::string whole = fmt::format("{} {} {}", family, table, name);
    const absl::StatusOr<json> rules = nftables.List("list chain " + whole);
    if (!rules.ok()) continue;
    for (const json& each : *rules) {
      const auto rule = each.find("rule");
      const std::string target = rule == each.end() ? "" : LeadsTo(*rule);
      if (target.empty()) continue;
      text += fmt::format("; {} leads to {}", whole, target);
      break;
    }
  }
  return text;
}

}  // namespace

bool IsKubeProxyChain(std::string_view name) {
  if (std::ranges::find(kChains, name) != std::end(kChains)) return true;
  // A hash in base 32 follows: nothing that nftables could read as anything else.
  return std::ranges::any_of(kChainPrefixes, [name](std::string_view prefix) {
    return name.starts_with(prefix) && name.size() > prefix.size() &&
           std::ranges::all_of(name.substr(prefix.size()), [](unsigned char c) {
             return std::isupper(c) != 0 || std::isdigit(c) != 0;
           });
  });
}

absl::StatusOr<KubeProxyRules> FindKubeProxyRules(Nftables& nftables) {
  KubeProxyRules rules;
  std::vector<std::string> built_in;
  FL_ASSIGN_OR_RETURN(const json tables, nftables.List("list tables"));
  for (const json& element : tables) {
    const auto table = element.find("table");
    if (table == element.end() || Text(*table, "name") != kTable) continue;
    const std::string family = Text(*table, "family");
    if (IsOneOf(kFamilies, family)) rules.tables.push_back(family + " " + kTable);
  }
  FL_ASSIGN_OR_RETURN(const json chains, nftables.List("list chains"));
  for (const json& element : chains) {
    const auto chain = element.find("chain");
    if (chain == element.end()) continue;
    const std::string family = Text(*chain, "family"), table = Text(*chain, "table");
    if (!IsOneOf(kFamilies, family) || !IsOneOf(kIptablesTables, table)) continue;
    const std::string name = Text(*chain, "name");
    const std::string whole = fmt::format("{} {} {}", family, table, name);
    if (IsKubeProxyChain(name)) rules.chains.push_back(whole);
    if (IsBuiltIn(*chain)) built_in.push_back(whole);
  }
  if (rules.chains.empty()) return rules;
  for (const std::string& chain : built_in) FL_RETURN_IF_ERROR(FindJumps(nftables, chain, rules));
  return rules;
}

absl::Status RemoveKubeProxyRules(Nftables& nftables, const KubeProxyRules& rules) {
  if (rules.empty()) return absl::OkStatus();
  std::string commands;
  // No chain can go while a rule leads to it.
  for (const std::string& jump : rules.jumps) commands += fmt::format("delete rule {}\n", jump);
  for (const std::string& chain : rules.chains) commands += fmt::format("flush chain {}\n", chain);
  for (const std::string& chain : rules.chains) commands += fmt::format("delete chain {}\n", chain);
  for (const std::string& table : rules.tables) commands += fmt::format("delete table {}\n", table);
  absl::Status status = nftables.Run(commands);
  if (status.ok()) return status;
  return {status.code(), std::string(status.message()) + LeadingThere(nftables)};
}

absl::Status KeepTranslating(Nftables& nftables) {
  // Once more is no error.
  std::string commands;
  for (const char* family : kFamilies) {
    commands += fmt::format("add table {} {}\n", family, kKeeperTable);
    for (const auto& [hook, priority] :
         {std::pair{"prerouting", -100}, {"output", -100}, {"input", 100}, {"postrouting", 100}}) {
      commands += fmt::format("add chain {} {} {} {{ type nat hook {} priority {} ; }}\n", family,
                              kKeeperTable, hook, hook, priority);
    }
    commands += fmt::format(
        "flush chain {0} {1} prerouting\nadd rule {0} {1} prerouting ct status dnat return\n",
        family, kKeeperTable);
  }
  return nftables.Run(commands);
}

absl::Status StopTranslating(Nftables& nftables) {
  FL_ASSIGN_OR_RETURN(const json tables, nftables.List("list tables"));
  for (const json& element : tables) {
    const auto table = element.find("table");
    if (table == element.end() || Text(*table, "name") != kKeeperTable) continue;
    const std::string family = Text(*table, "family");
    if (!IsOneOf(kFamilies, family)) continue;
    FL_RETURN_IF_ERROR(nftables.Run(fmt::format("delete table {} {}", family, kKeeperTable)));
  }
  return absl::OkStatus();
}

}  // namespace fairlead
