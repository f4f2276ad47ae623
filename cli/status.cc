// SPDX-License-Identifier: Apache-2.0
//
// fairlead status — is this node's dataplane in place, and has it room? The
// answer is "no" if nothing is attached, a program for a rare case is missing,
// a table was made by another version, or a table is full.
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/host_report.h"
#include "cli/live_program.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"
#include "cli/routing_view.h"
#include "maps/counter/verdict_counters.h"
#include "maps/layout.h"
#include "maps/usage/map_usage.h"

namespace fairlead::cli {
namespace {

constexpr uint64_t kNearlyFullPercent = 90;

struct Status {
  std::vector<std::string> problems;  // unhealthy
  std::vector<std::string> warnings;  // worth knowing
  HostReport host;
  std::vector<Attachment> attachments;
  std::vector<MapUsage> maps;
  uint64_t memory_bytes = 0;
  uint64_t forwarded = 0, dropped = 0, not_promoted = 0;  // packets
};

uint64_t Percent(const MapUsage& map) {
  return map.used.has_value() && map.max != 0 ? *map.used * 100 / map.max : 0;
}

void JudgeAttachments(const PinnedNode& node, Status& status) {
  size_t live = 0;
  for (const Attachment& attachment : status.attachments) {
    if (attachment.ifindex != 0) {
      // The reassembly room's device outlives pods and uplinks, and no packet begins there.
      live += attachment.hook == HookName(HOOK_FROM_ROOM) ? 0 : 1;
    } else {
      status.warnings.push_back(fmt::format("links/{}: its interface is gone", attachment.pin));
    }
  }
  if (live == 0) {
    status.problems.push_back(
        fmt::format("nothing is attached (no live link below {}/links): is fairleadd running?",
                    node.directory()));
  }
}

void JudgeTailCalls(const PinnedNode& node, Status& status) {
  for (const char* name : {"tail_calls4", "tail_calls6"}) {
    const absl::StatusOr<BpfMap> map = BpfMap::OpenPinned(node.directory() + "/" + name);
    if (!map.ok()) {
      status.problems.push_back(fmt::format("{}: {}", name, std::string(map.status().message())));
      continue;
    }
    for (uint32_t slot = 0; slot < map->max_entries(); ++slot) {
      uint32_t program = 0;
      if (bpf_map_lookup_elem(map->fd(), &slot, &program) == 0) continue;
      status.problems.push_back(fmt::format("{}: {} is missing", name, TailSlotName(slot)));
    }
  }
}

void JudgeMaps(Status& status) {
  for (const MapUsage& map : status.maps) {
    status.memory_bytes += map.memory_bytes;
    if (!map.fills_up || !map.used.has_value()) continue;
    if (*map.used >= map.max) {
      status.problems.push_back(fmt::format("{} is full: {} entries", map.name, map.max));
    } else if (Percent(map) >= kNearlyFullPercent) {
      status.warnings.push_back(
          fmt::format("{} is nearly full: {} of {}", map.name, *map.used, map.max));
    }
  }
}

void JudgePorts(const PinnedNode& node, Status& status) {
  for (uint32_t slot = 0; slot < node.tables().snat_refused.size(); ++slot) {
    const uint32_t refused = node.tables().snat_refused[slot];
    if (refused == 0 || node.tables().pods[slot].ifindex == 0) continue;
    const Json name = node.names().Pod(slot);
    status.warnings.push_back(fmt::format(
        "pod {} found no source port for {} packets to the world",
        name.is_string() ? name.get<std::string>() : fmt::format("in slot {}", slot), refused));
  }
}

absl::Status JudgeLayout(const PinnedNode& node, Status& status) {
  for (const std::string& name : MapNames()) {
    FL_ASSIGN_OR_RETURN(const BpfMap map, BpfMap::OpenPinned(node.directory() + "/" + name));
    const absl::Status layout = CheckMapLayout(map);
    if (!layout.ok()) status.problems.emplace_back(layout.message());
  }
  return absl::OkStatus();
}

absl::Status CountPackets(const PinnedNode& node, Status& status) {
  FL_ASSIGN_OR_RETURN(const std::vector<VerdictCount> counts, ReadVerdictCounts(node.tables()));
  for (const VerdictCount& count : counts) {
    if (count.reason == VERDICT_NOT_PROMOTED) {
      status.not_promoted += count.packets;      // a note on a packet, not its end
    } else if (count.reason != VERDICT_TO_TC) {  // from_network has counted it
      (IsDrop(count.reason) ? status.dropped : status.forwarded) += count.packets;
    }
  }
  if (status.not_promoted != 0) {
    status.warnings.push_back(fmt::format(
        "{} packets found the flow table full; their flows stayed half-open", status.not_promoted));
  }
  return absl::OkStatus();
}

absl::StatusOr<Status> Examine(const PinnedNode& node, const Options& options) {
  Status status;
  FL_ASSIGN_OR_RETURN(status.host, ReadHostReport(node, options));
  status.problems = status.host.problems;
  status.warnings = status.host.warnings;
  FL_ASSIGN_OR_RETURN(status.attachments, ReadAttachments(node.directory() + "/links"));
  FL_ASSIGN_OR_RETURN(status.maps, ReadMapUsage(node.tables(), node.directory()));
  JudgeAttachments(node, status);
  JudgeTailCalls(node, status);
  JudgeMaps(status);
  JudgePorts(node, status);
  FL_RETURN_IF_ERROR(JudgeLayout(node, status));
  FL_RETURN_IF_ERROR(CountPackets(node, status));
  return status;
}

Json HookRow(const Attachment& attachment) {
  const std::optional<LiveProgram>& program = attachment.program;
  return {{"hook", attachment.hook},
          {"family",
           attachment.family.has_value() ? Json(static_cast<int>(*attachment.family)) : Json()},
          {"attached", attachment.ifindex != 0},
          {"ifindex", attachment.ifindex},
          {"device", OrNull(DeviceName(attachment.ifindex))},
          {"mechanism", attachment.mechanism},
          {"program_id", program.has_value() ? Json(program->id) : Json()},
          {"tag", program.has_value() ? Json(program->tag) : Json()},
          {"pin", attachment.pin}};
}

Json TableRow(const MapUsage& map) {
  return {{"name", map.name},
          {"used", map.used.has_value() ? Json(*map.used) : Json()},
          {"max", map.max},
          {"percent", Percent(map)},
          {"memory_bytes", map.memory_bytes}};
}

std::vector<Json> HookRows(const Status& status) {
  std::vector<Json> rows;
  rows.reserve(status.attachments.size());
  for (const Attachment& attachment : status.attachments) rows.push_back(HookRow(attachment));
  return rows;
}

std::vector<Json> TableRows(const Status& status, bool all) {
  std::vector<Json> rows;
  for (const MapUsage& map : status.maps) {
    if (all || map.fills_up || map.name.starts_with("half_open")) rows.push_back(TableRow(map));
  }
  return rows;
}

// "from_network 1, from_pod 3": on how many interfaces.
std::string AttachedSummary(const Status& status) {
  std::map<std::string, std::set<uint32_t>> interfaces;
  for (const Attachment& attachment : status.attachments) {
    if (attachment.ifindex != 0) {
      // How, where there is more than one way that a user has chosen from.
      const bool at_xdp = attachment.mechanism.starts_with("xdp");
      interfaces[at_xdp ? fmt::format("{} ({})", attachment.hook, attachment.mechanism)
                        : attachment.hook]
          .insert(attachment.ifindex);
    }
  }
  std::string text;
  for (const auto& [hook, where] : interfaces) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", hook, where.size());
  }
  return text.empty() ? "nothing" : text;
}

std::string Listed(const std::vector<std::string>& texts) {
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

const char* ModeText(const hook_config& config) { return config.guests != 0 ? "proxy" : "full"; }

Json Settings(const hook_config& config, uint32_t jiffies_per_second) {
  const auto seconds = [&](flow_timeout which) {
    return config.timeout[which] / jiffies_per_second;
  };
  return {{"mode", ModeText(config)},
          {"masquerade", config.masquerade != 0},
          {"default_deny", config.default_deny != 0},
          {"direct_return", config.direct_return != 0},
          {"record_verdicts", config.record_verdicts != 0},
          {"first_snat_port", config.snat_first_port},
          {"snat_ports", config.snat_ports},
          {"tunnel_port", config.tunnel_port},
          {"vni", config.vni},
          {"timeout_seconds",
           {{"tcp_half_open", seconds(TIMEOUT_TCP_HALF_OPEN)},
            {"tcp_established", seconds(TIMEOUT_TCP_ESTABLISHED)},
            {"tcp_half_closed", seconds(TIMEOUT_TCP_HALF_CLOSED)},
            {"tcp_closed", seconds(TIMEOUT_TCP_CLOSED)},
            {"other_first", seconds(TIMEOUT_OTHER_FIRST)},
            {"other_conversation", seconds(TIMEOUT_OTHER_CONVERSATION)},
            {"fragment", seconds(TIMEOUT_FRAGMENT)}}}};
}

class StatusCommand final : public Command {
 public:
  const char* name() const override { return "status"; }
  const char* summary() const override { return "is the dataplane in place, and has it room"; }

  absl::StatusOr<int> Run(const Options& options, std::ostream& out) override {
    FL_ASSIGN_OR_RETURN(const PinnedNode node, PinnedNode::Open(options));
    FL_ASSIGN_OR_RETURN(const Status status, Examine(node, options));
    FL_ASSIGN_OR_RETURN(const FlowTime time, node.Time());
    if (options.output == Output::kJson) {
      PrintJson(node, status, time, out);
    } else {
      PrintText(node, status, time.config, options.output, out);
    }
    return status.problems.empty() ? kFine : kNo;
  }

 private:
  static void PrintJson(const PinnedNode& node, const Status& status, const FlowTime& time,
                        std::ostream& out) {
    const Tables& tables = node.tables();
    const Json all = {{"healthy", status.problems.empty()},
                      {"problems", status.problems},
                      {"warnings", status.warnings},
                      {"noted", status.host.noted},
                      {"layout", FL_LAYOUT_VERSION},
                      {"pins", node.directory()},
                      {"addresses", status.host.addresses},
                      {"uplinks", status.host.uplinks},
                      {"sysctls", status.host.sysctls},
                      {"hooks", HookRows(status)},
                      {"routing", RoutingJson(tables)},
                      {"settings", Settings(time.config, time.jiffies_per_second)},
                      {"packets",
                       {{"forwarded", status.forwarded},
                        {"dropped", status.dropped},
                        {"not_promoted", status.not_promoted}}},
                      {"policy_epoch",
                       {{"4", tables.v4.node_state[0].policy_epoch},
                        {"6", tables.v6.node_state[0].policy_epoch}}},
                      {"memory_bytes", status.memory_bytes},
                      {"tables", TableRows(status, /*all=*/true)}};
    out << all.dump(2) << '\n';
  }

  static void PrintText(const PinnedNode& node, const Status& status, const hook_config& config,
                        Output output, std::ostream& out) {
    const Tables& tables = node.tables();
    out << (status.problems.empty() ? "healthy\n" : "UNHEALTHY\n");
    for (const std::string& problem : status.problems) out << "  problem: " << problem << '\n';
    for (const std::string& warning : status.warnings) out << "  warning: " << warning << '\n';
    out << fmt::format("pins      {} (layout {})\n", node.directory(), FL_LAYOUT_VERSION)
        << fmt::format("mode      {}\n", config.guests != 0
                                             ? "proxy: Services only, beside another network"
                                             : "full: pod network and Services")
        << fmt::format("node      {}\n", Listed(status.host.addresses))
        << fmt::format("uplinks   {}\n", Listed(status.host.uplinks))
        << fmt::format("attached  {}\n", AttachedSummary(status))
        << fmt::format("routing   {}\n", RoutingText(tables, config))
        << fmt::format("packets   {} forwarded, {} dropped\n", status.forwarded, status.dropped)
        << fmt::format("epoch     {} (IPv4), {} (IPv6)\n", tables.v4.node_state[0].policy_epoch,
                       tables.v6.node_state[0].policy_epoch)
        << fmt::format("memory    {:.1f} MiB in {} maps\n\n",
                       static_cast<double>(status.memory_bytes) / (1 << 20), status.maps.size());
    const bool wide = output == Output::kWide;
    PrintColumns(out, {{"TABLE", "name"}, {"USED", "used"}, {"MAX", "max"}, {"%", "percent"}},
                 TableRows(status, wide), output);
    if (!wide || status.attachments.empty()) return;
    out << '\n';
    PrintColumns(out,
                 {{"HOOK", "hook"},
                  {"FAMILY", "family"},
                  {"DEVICE", "device"},
                  {"IFINDEX", "ifindex"},
                  {"BY", "mechanism"},
                  {"PROGRAM", "program_id"},
                  {"TAG", "tag"},
                  {"PIN", "pin"}},
                 HookRows(status), output);
  }
};

}  // namespace

std::unique_ptr<Command> MakeStatusCommand() { return std::make_unique<StatusCommand>(); }

}  // namespace fairlead::cli
