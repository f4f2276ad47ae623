// SPDX-License-Identifier: Apache-2.0
#include "cli/dump_map.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "cli/live_program.h"
#include "cli/table_json.h"
#include "maps/counter/verdict_counters.h"

namespace fairlead::cli {
namespace {

template <typename Table, typename KeyJson, typename ValueOf>
absl::Status DumpTable(const Table& table, const KeyJson& key_json, const ValueOf& value_json,
                       const ShowEntry& show) {
  FL_ASSIGN_OR_RETURN(const auto entries, table.Snapshot());
  for (const auto& [key, value] : entries) show(key_json(key), value_json(value));
  return absl::OkStatus();
}

template <typename Table, typename KeyJson>
absl::Status DumpTable(const Table& table, const KeyJson& key_json, const ShowEntry& show) {
  return DumpTable(table, key_json, [](const auto& value) { return ValueJson(value); }, show);
}

// `value_json` is given a copy: the programs write while we read.
template <typename Array, typename IsUsed, typename ValueOf>
absl::Status DumpArray(const Array& array, bool all, const IsUsed& is_used,
                       const ValueOf& value_json, const ShowEntry& show) {
  for (uint32_t i = 0; i < array.size(); ++i) {
    const auto copy = array[i];
    if (all || is_used(copy)) show(i, value_json(copy));
  }
  return absl::OkStatus();
}

absl::Status DumpQueue(const BpfMap& queue, const ShowEntry& show) {
  uint32_t next = 0;
  if (bpf_map_lookup_elem(queue.fd(), nullptr, &next) == 0) show("next", next);
  return absl::OkStatus();
}

// Runs lie where services point: index, and whose run it is part of.
template <typename Abi>
absl::Status DumpRuns(const FamilyTables<Abi>& tables, bool all, const ShowEntry& show) {
  std::vector<bool> used(tables.runs.size(), all);
  FL_ASSIGN_OR_RETURN(const auto services, tables.services.Snapshot());
  for (const auto& [key, value] : services) {
    for (const auto& [first, count] : {std::pair{value.first, value.count},
                                       std::pair{value.outside_first, value.outside_count}}) {
      for (uint64_t i = first; i < uint64_t{first} + count; ++i) {
        if (i < used.size()) used[i] = true;
      }
    }
  }
  for (uint32_t i = 0; i < tables.runs.size(); ++i) {
    if (used[i]) show(i, uint32_t{tables.runs[i]});
  }
  return absl::OkStatus();
}

// "tcp/8080": a port that leads to a service; "backend/9100": one of a process of this node.
template <typename Abi>
absl::Status DumpServicePorts(const FamilyTables<Abi>& tables, const ShowEntry& show) {
  const char* const kNames[] = {"tcp", "udp", "sctp", "backend"};
  for (uint32_t word = 0; word < tables.service_ports.size(); ++word) {
    const uint32_t bits = tables.service_ports[word];
    for (uint32_t bit = 0; bits != 0 && bit < 32; ++bit) {
      if ((bits & SERVICE_PORT_BIT(bit)) == 0) continue;
      show(fmt::format("{}/{}", kNames[word / 2048], word % 2048 * 32 + bit), true);
    }
  }
  return absl::OkStatus();
}

template <typename Abi>
absl::Status DumpFamily(const FamilyTables<Abi>& tables, const std::string& stem, bool all,
                        const ShowEntry& show) {
  const auto key = [](const auto& k) { return TableJson<Abi>::Key(k); };
  const auto value = [](const auto& v) { return TableJson<Abi>::Value(v); };
  if (stem == "services") return DumpTable(tables.services, key, show);
  if (stem == "service_ports") return DumpServicePorts(tables, show);
  if (stem == "source_ranges") {
    return DumpTable(tables.source_ranges, key, [](uint32_t) { return Json(true); }, show);
  }
  if (stem == "affinity") return DumpTable(tables.affinity_of, key, show);
  if (stem == "socket_peers") return DumpTable(tables.socket_peers, key, show);
  if (stem == "socket_flows") return DumpTable(tables.socket_flows, key, show);
  if (stem == "runs") return DumpRuns(tables, all, show);
  if (stem == "backends") {
    return DumpArray(
        tables.backends, all, [](const auto& b) { return b.state != BACKEND_FREE; }, value, show);
  }
  if (stem == "backend_flows") {
    return DumpArray(
        tables.backend_flows, all, [](uint32_t flows) { return flows != 0; },
        [](uint32_t flows) { return Json(static_cast<int32_t>(flows)); }, show);
  }
  if (stem == "half_open") {
    const auto is_used = [](const auto& bucket) {
      return std::any_of(std::begin(bucket.way), std::end(bucket.way),
                         [](const auto& way) { return way.stamp != STAMP_EMPTY; });
    };
    FL_ASSIGN_OR_RETURN(const auto buckets, tables.half_open.Map());
    return DumpArray(buckets, all, is_used, value, show);
  }
  if (stem == "flow_index") return DumpTable(tables.flow_index, key, show);
  if (stem == "flows") {
    return DumpArray(
        tables.flows, all, [](const auto& flow) { return flow.side[SIDE_ORIGIN].last_seen != 0; },
        value, show);
  }
  if (stem == "free_flows") return DumpQueue(tables.free_flows, show);
  if (stem == "fragments") return DumpTable(tables.fragments, key, show);
  if (stem == "pod_address") return DumpTable(tables.pod_address, key, show);
  if (stem == "groups") return DumpTable(tables.groups, key, show);
  if (stem == "group_counts") {
    return DumpArray(
        tables.group_counts, all, [](uint32_t count) { return count != 0; },
        [](uint32_t count) { return Json(count); }, show);
  }
  if (stem == "prefixes") return DumpTable(tables.prefixes, key, show);
  return DumpArray(tables.node_state, all, [](const auto&) { return true; }, value, show);
}

absl::Status DumpCounters(const Tables& tables, bool all, const ShowEntry& show) {
  for (uint32_t index = 0; index < FL_COUNTING_HOOKS * 2 * FL_COUNTER_REASONS; ++index) {
    const uint32_t reason = index % FL_COUNTER_REASONS;
    if (reason >= FL_VERDICT_COUNT) continue;
    FL_ASSIGN_OR_RETURN(const std::vector<counter> cpus, tables.counters.Read(index));
    const bool used =
        std::any_of(cpus.begin(), cpus.end(), [](const counter& cpu) { return cpu.packets != 0; });
    if (!used && !all) continue;
    const uint32_t hook_and_family = index / FL_COUNTER_REASONS;
    Json per_cpu = Json::array();
    for (const counter& cpu : cpus) per_cpu.push_back(ValueJson(cpu));
    show(fmt::format("{}/{}/{}", HookName(hook_and_family / 2), hook_and_family % 2 == 0 ? 4 : 6,
                     VerdictName(reason)),
         per_cpu);
  }
  return absl::OkStatus();
}

absl::Status DumpLastVerdict(const Tables& tables, const ShowEntry& show) {
  FL_ASSIGN_OR_RETURN(const std::vector<verdict_record> cpus, tables.last_verdict.Read(0));
  for (size_t cpu = 0; cpu < cpus.size(); ++cpu) {
    show(fmt::format("cpu{}", cpu), cpus[cpu].family == 0 ? Json() : ValueJson(cpus[cpu]));
  }
  return absl::OkStatus();
}

absl::Status DumpTailCalls(const PinnedNode& node, const std::string& name, const ShowEntry& show) {
  FL_ASSIGN_OR_RETURN(const BpfMap map, BpfMap::OpenPinned(node.directory() + "/" + name));
  for (uint32_t slot = 0; slot < map.max_entries(); ++slot) {
    uint32_t id = 0;
    const bool filled = bpf_map_lookup_elem(map.fd(), &slot, &id) == 0;
    show(TailSlotName(slot), filled ? Json{{"program_id", id}} : Json());
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<std::string>& DumpableMaps() {
  static const auto* const kNames = [] {
    auto* const names = new std::vector<std::string>(MapNames());
    names->insert(names->end(), {"tail_calls4", "tail_calls6"});
    return names;
  }();
  return *kNames;
}

absl::Status CheckMapName(const std::string& name) {
  const std::vector<std::string>& known = DumpableMaps();
  if (std::find(known.begin(), known.end(), name) != known.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("no map is called {}; there are {}", name, fmt::join(known, ", ")));
}

absl::Status DumpMap(const PinnedNode& node, const std::string& name, bool all,
                     const ShowEntry& show) {
  FL_RETURN_IF_ERROR(CheckMapName(name));
  const Tables& tables = node.tables();
  const auto number = [](uint32_t n) { return Json(n); };
  if (name == "pods") {
    return DumpArray(
        tables.pods, all, [](const pod& p) { return p.ifindex != 0; },
        [](const pod& p) { return ValueJson(p); }, show);
  }
  if (name == "snat_refused") {
    return DumpArray(
        tables.snat_refused, all, [](uint32_t count) { return count != 0; }, number, show);
  }
  if (name == "nodes") {
    return DumpArray(
        tables.nodes, all, [](const ::node& n) { return n.ifindex != 0; },
        [](const ::node& n) { return ValueJson(n); }, show);
  }
  if (name == "room") {
    return DumpArray(
        tables.reassembly_room, all, [](const room& r) { return r.ifindex != 0; },
        [](const room& r) { return ValueJson(r); }, show);
  }
  if (name == "tunnel_peers") {
    const auto address = [](const tunnel_peer_key& key) {
      return Json(FromMapped(key.address).ToString());
    };
    return DumpTable(tables.tunnel_peers, address, show);
  }
  if (name == "uplinks") return DumpTable(tables.uplinks, number, show);
  if (name == "wire_exits") {
    return DumpTable(tables.wire_exits, number, [](uint32_t) { return Json(true); }, show);
  }
  if (name == "answer_budgets") {
    return DumpArray(
        tables.answer_budgets, all, [](uint64_t paid_at) { return paid_at != 0; },
        [](uint64_t paid_at) { return Json(paid_at); }, show);
  }
  if (name == "counters") return DumpCounters(tables, all, show);
  if (name == "last_verdict") return DumpLastVerdict(tables, show);
  if (name.starts_with("tail_calls")) return DumpTailCalls(node, name, show);
  const std::string stem = name.substr(0, name.size() - 1);
  return name.back() == Abi4::kDigit ? DumpFamily(tables.v4, stem, all, show)
                                     : DumpFamily(tables.v6, stem, all, show);
}

}  // namespace fairlead::cli
