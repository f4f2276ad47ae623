// SPDX-License-Identifier: Apache-2.0
#include "maps/tables.h"

#include "base/status_macros.h"

namespace fairlead {
namespace {

// Opens `name` and hands it to the table's own Open.
template <typename T, typename... Args>
absl::Status OpenInto(const MapOpener& open, const std::string& name, T& table, Args... args) {
  FL_ASSIGN_OR_RETURN(BpfMap map, open(name));
  FL_ASSIGN_OR_RETURN(table, T::Open(std::move(map), args...));
  return absl::OkStatus();
}

template <typename Abi>
absl::Status OpenFamily(const MapOpener& open, bool writable, FamilyTables<Abi>& tables) {
  const auto name = [](const char* stem) { return std::string(stem) + Abi::kDigit; };
  FL_RETURN_IF_ERROR(OpenInto(open, name("services"), tables.services));
  FL_RETURN_IF_ERROR(OpenInto(open, name("service_ports"), tables.service_ports, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, name("source_ranges"), tables.source_ranges));
  FL_RETURN_IF_ERROR(OpenInto(open, name("affinity"), tables.affinity_of));
  FL_RETURN_IF_ERROR(OpenInto(open, name("socket_peers"), tables.socket_peers));
  FL_RETURN_IF_ERROR(OpenInto(open, name("socket_flows"), tables.socket_flows));
  FL_RETURN_IF_ERROR(OpenInto(open, name("runs"), tables.runs, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, name("backends"), tables.backends, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, name("backend_flows"), tables.backend_flows, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, name("half_open"), tables.half_open, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, name("flow_index"), tables.flow_index));
  FL_RETURN_IF_ERROR(OpenInto(open, name("flows"), tables.flows, writable));
  FL_ASSIGN_OR_RETURN(tables.free_flows, open(name("free_flows")));
  FL_RETURN_IF_ERROR(OpenInto(open, name("fragments"), tables.fragments));
  FL_RETURN_IF_ERROR(OpenInto(open, name("pod_address"), tables.pod_address));
  FL_RETURN_IF_ERROR(OpenInto(open, name("groups"), tables.groups));
  FL_RETURN_IF_ERROR(OpenInto(open, name("group_counts"), tables.group_counts, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, name("prefixes"), tables.prefixes));
  return OpenInto(open, name("node_state"), tables.node_state, writable);
}

}  // namespace

const std::vector<std::string>& MapNames() {
  static const auto* const kNames = new std::vector<std::string>{
      "services4",      "services6",      "service_ports4", "service_ports6", "source_ranges4",
      "source_ranges6", "affinity4",      "affinity6",      "socket_peers4",  "socket_peers6",
      "socket_flows4",  "socket_flows6",  "runs4",          "runs6",          "backends4",
      "backends6",      "backend_flows4", "backend_flows6", "half_open4",     "half_open6",
      "flow_index4",    "flow_index6",    "flows4",         "flows6",         "free_flows4",
      "free_flows6",    "fragments4",     "fragments6",     "room",           "pods",
      "pod_address4",   "pod_address6",   "groups4",        "groups6",        "group_counts4",
      "group_counts6",  "snat_refused",   "nodes",          "prefixes4",      "prefixes6",
      "tunnel_peers",   "uplinks",        "wire_exits",     "node_state4",    "node_state6",
      "answer_budgets", "counters",       "last_verdict"};
  return *kNames;
}

absl::StatusOr<Tables> OpenTables(const MapOpener& open, bool writable) {
  Tables tables;
  FL_RETURN_IF_ERROR(OpenFamily(open, writable, tables.v4));
  FL_RETURN_IF_ERROR(OpenFamily(open, writable, tables.v6));
  FL_RETURN_IF_ERROR(OpenInto(open, "room", tables.reassembly_room, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, "pods", tables.pods, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, "snat_refused", tables.snat_refused, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, "nodes", tables.nodes, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, "tunnel_peers", tables.tunnel_peers));
  FL_RETURN_IF_ERROR(OpenInto(open, "uplinks", tables.uplinks));
  FL_RETURN_IF_ERROR(OpenInto(open, "wire_exits", tables.wire_exits));
  FL_RETURN_IF_ERROR(OpenInto(open, "answer_budgets", tables.answer_budgets, writable));
  FL_RETURN_IF_ERROR(OpenInto(open, "counters", tables.counters));
  FL_RETURN_IF_ERROR(OpenInto(open, "last_verdict", tables.last_verdict));
  return tables;
}

absl::StatusOr<Tables> OpenPinnedTables(const std::string& directory) {
  return OpenTables(
      [&directory](const std::string& name) { return BpfMap::OpenPinned(directory + "/" + name); },
      /*writable=*/false);
}

}  // namespace fairlead
