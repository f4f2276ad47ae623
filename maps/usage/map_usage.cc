// SPDX-License-Identifier: Apache-2.0
#include "maps/usage/map_usage.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <fstream>
#include <map>

#include "base/status_macros.h"

namespace fairlead {
namespace {

std::string Stem(const std::string& name) {
  const size_t last = name.find_last_not_of("46");
  return name.substr(0, last + 1);
}

std::string TypeName(uint32_t type) {
  const char* name = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(type));
  return name != nullptr ? name : fmt::format("type {}", type);
}

uint64_t CountKeys(const BpfMap& map) {
  std::vector<char> key(map.key_size());
  std::vector<char> next(map.key_size());
  uint64_t count = 0;
  // A map that changes faster than we read must not keep us for ever.
  while (count <= map.max_entries() &&
         bpf_map_get_next_key(map.fd(), count == 0 ? nullptr : key.data(), next.data()) == 0) {
    key.swap(next);
    ++count;
  }
  return count;
}

template <typename Array, typename IsUsed>
uint64_t CountIf(const Array& array, const IsUsed& is_used) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < array.size(); ++i) count += is_used(array[i]) ? 1 : 0;
  return count;
}

using Counts = std::map<std::string, uint64_t>;

template <typename Abi>
absl::Status CountFamily(const FamilyTables<Abi>& tables, Counts& used) {
  const auto name = [](const char* stem) { return std::string(stem) + Abi::kDigit; };
  FL_ASSIGN_OR_RETURN(const auto services, tables.services.Snapshot());
  used[name("services")] = services.size();
  uint64_t& runs = used[name("runs")];
  std::map<uint32_t, uint32_t> stretches;  // frontends share them
  for (const auto& [key, value] : services) {
    if (value.count != 0) stretches[value.first] = value.count;
    if (value.outside_count != 0) stretches[value.outside_first] = value.outside_count;
  }
  for (const auto& [first, count] : stretches) runs += count;
  used[name("backends")] =
      CountIf(tables.backends, [](const auto& backend) { return backend.state != BACKEND_FREE; });
  used[name("source_ranges")] = CountKeys(tables.source_ranges.map());
  used[name("affinity")] = CountKeys(tables.affinity_of.map());
  uint64_t& half_open = used[name("half_open")];
  FL_ASSIGN_OR_RETURN(const auto buckets, tables.half_open.Map());
  for (uint32_t i = 0; i < buckets.size(); ++i) {
    for (const auto& way : buckets[i].way) half_open += way.stamp != STAMP_EMPTY ? 1 : 0;
  }
  const uint64_t flows =
      CountIf(tables.flows, [](const auto& flow) { return flow.side[SIDE_ORIGIN].last_seen != 0; });
  used[name("flows")] = flows;
  used[name("flow_index")] = 2 * flows;  // a hash of half a million: not counted key by key
  used[name("free_flows")] = tables.flows.size() - flows;
  used[name("fragments")] = CountKeys(tables.fragments.map());
  used[name("pod_address")] = CountKeys(tables.pod_address.map());
  used[name("groups")] = CountKeys(tables.groups.map());
  used[name("prefixes")] = CountKeys(tables.prefixes.map());
  return absl::OkStatus();
}

bool FillsUp(const std::string& stem) {
  return stem == "services" || stem == "runs" || stem == "backends" || stem == "flows" ||
         stem == "pods" || stem == "pod_address" || stem == "nodes" || stem == "prefixes" ||
         stem == "tunnel_peers" || stem == "uplinks";
}

}  // namespace

std::string MapPurpose(const std::string& name) {
  static const auto* const kPurposes = new std::map<std::string, std::string>{
      {"services", "service address, port, protocol -> its runs of backends"},
      {"runs", "a service's backend numbers, contiguous"},
      {"source_ranges", "who may come to load balancer addresses that are restricted"},
      {"affinity", "service and client -> the backend that the client keeps"},
      {"service_ports", "ports that lead to a service on some address, a bit each"},
      {"socket_peers", "whom a process of the host believes to talk to"},
      {"socket_flows", "which backend gets the datagrams of a process of the host"},
      {"backends", "backend by number: address, port, state, generation"},
      {"backend_flows", "by backend's number: its flows on this node"},
      {"half_open", "flows nobody has answered; lossy, four to a bucket"},
      {"flow_index", "tuple of either side -> flow and side"},
      {"flows", "established conversations, both directions in one object"},
      {"free_flows", "numbers of unused flow objects, first freed first reused"},
      {"fragments", "first fragment of a datagram -> ports for the later ones"},
      {"room", "where fragments out of order are put in order"},
      {"pods", "local pod by slot: interface, MAC, addresses"},
      {"snat_refused", "by pod slot: connections to the world that found no source port"},
      {"pod_address", "address of a local pod -> its slot"},
      {"groups", "multicast group -> the pods that listen to it"},
      {"group_counts", "by pod slot: multicast groups the pod listens to"},
      {"nodes", "other nodes by slot: by which device and way"},
      {"prefixes", "whose address is it: this node, its pods, a peer, its pods, a ClusterIP"},
      {"tunnel_peers", "outer address of a tunnel -> the node it is"},
      {"uplinks", "devices that lead out, and the addresses to masquerade with"},
      {"wire_exits", "devices that from_wire may send by"},
      {"node_state", "this node: hash seed, policy epoch, podCIDR, address"},
      {"counters", "packets and bytes by hook, family and verdict, per CPU"},
      {"answer_budgets", "how soon a pod, or the wire, may be sent another ICMP error"},
      {"last_verdict", "what the last packet on each CPU met (trace, tests)"},
      {"tail_calls", "programs for rare work: answers, quoted ICMP errors"},
  };
  const auto found = kPurposes->find(Stem(name));
  return found == kPurposes->end() ? "" : found->second;
}

uint64_t MapMemory(const BpfMap& map) {
  std::ifstream info(fmt::format("/proc/self/fdinfo/{}", map.fd()));
  std::string key;
  while (info >> key) {
    uint64_t bytes = 0;
    if (key == "memlock:" && info >> bytes) return bytes;
  }
  return 0;
}

absl::StatusOr<std::vector<MapUsage>> ReadMapUsage(const Tables& tables,
                                                   const std::string& directory) {
  Counts used;
  FL_RETURN_IF_ERROR(CountFamily<Abi4>(tables.v4, used));
  FL_RETURN_IF_ERROR(CountFamily<Abi6>(tables.v6, used));
  used["pods"] = CountIf(tables.pods, [](const pod& pod) { return pod.ifindex != 0; });
  used["room"] = CountIf(tables.reassembly_room, [](const room& r) { return r.ifindex != 0; });
  used["nodes"] = CountIf(tables.nodes, [](const ::node& n) { return n.ifindex != 0; });
  used["tunnel_peers"] = CountKeys(tables.tunnel_peers.map());
  used["uplinks"] = CountKeys(tables.uplinks.map());
  used["wire_exits"] = CountKeys(tables.wire_exits.map());

  std::vector<MapUsage> usages;
  for (const std::string& name : MapNames()) {
    FL_ASSIGN_OR_RETURN(const BpfMap map, BpfMap::OpenPinned(directory + "/" + name));
    const std::string stem = Stem(name);
    MapUsage usage;
    usage.name = name;
    usage.type = TypeName(map.type());
    usage.key_bytes = map.key_size();
    usage.value_bytes = map.value_size();
    usage.max = stem == "half_open" ? uint64_t{HALF_OPEN_WAYS} * map.max_entries()
                                    : uint64_t{map.max_entries()};
    if (const auto count = used.find(name); count != used.end()) usage.used = count->second;
    usage.memory_bytes = MapMemory(map);
    usage.fills_up = FillsUp(stem);
    usages.push_back(std::move(usage));
  }
  return usages;
}

}  // namespace fairlead
