// SPDX-License-Identifier: Apache-2.0
//
// All tables of a node, typed. Opened by name, whoever holds the maps: the
// daemon and the tests from a MapSet, the CLI from the pins.
#ifndef FAIRLEAD_MAPS_TABLES_H_
#define FAIRLEAD_MAPS_TABLES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "maps/abi/abi_of.h"
#include "maps/core/mapped_array.h"
#include "maps/core/per_cpu_table.h"
#include "maps/core/table.h"

namespace fairlead {

// The tables of one family; names on the right, with the family's digit.
template <typename Abi>
struct FamilyTables {
  Table<typename Abi::ServiceKey, service> services;                          // services
  Table<typename Abi::SourceRangeKey, uint32_t> source_ranges;                // source_ranges
  Table<typename Abi::AffinityKey, affinity> affinity_of;                     // affinity
  MappedArray<uint32_t> service_ports;                                        // service_ports
  Table<typename Abi::SocketPeerKey, typename Abi::SocketPeer> socket_peers;  // socket_peers
  Table<typename Abi::SocketPeerKey, socket_flow> socket_flows;               // socket_flows
  MappedArray<uint32_t> runs;                                                 // runs
  MappedArray<typename Abi::Backend> backends;                                // backends
  MappedArray<uint32_t> backend_flows;                                        // backend_flows
  UnmappedArray<typename Abi::HalfOpenBucket> half_open;                      // half_open
  Table<typename Abi::Tuple, flow_ref> flow_index;                            // flow_index
  MappedArray<typename Abi::Flow> flows;                                      // flows
  BpfMap free_flows;                                                          // free_flows
  Table<typename Abi::FragmentKey, fragment> fragments;                       // fragments
  Table<typename Abi::PodAddress, pod_slot> pod_address;                      // pod_address
  Table<typename Abi::Group, group_listeners> groups;                         // groups
  MappedArray<uint32_t> group_counts;                                         // group_counts
  Table<typename Abi::PrefixKey, prefix> prefixes;                            // prefixes
  MappedArray<typename Abi::NodeState> node_state;                            // node_state
};

struct Tables {
  FamilyTables<Abi4> v4;
  FamilyTables<Abi6> v6;
  MappedArray<room> reassembly_room;  // room
  MappedArray<pod> pods;
  MappedArray<uint32_t> snat_refused;  // by pod slot: connections without a source port
  MappedArray<node> nodes;
  Table<tunnel_peer_key, tunnel_peer> tunnel_peers;
  Table<uint32_t, uplink> uplinks;
  Table<uint32_t, uint32_t> wire_exits;  // devices that XDP can send by, by their own index
  MappedArray<uint64_t> answer_budgets;
  PerCpuTable<counter> counters;
  PerCpuTable<verdict_record> last_verdict;

  template <typename Abi>
  FamilyTables<Abi>& of() {
    if constexpr (Abi::kFamily == Family::kIpv4) {
      return v4;
    } else {
      return v6;
    }
  }
  template <typename Abi>
  const FamilyTables<Abi>& of() const {
    return const_cast<Tables*>(this)->of<Abi>();
  }
};

// The names of all maps, in the order of maps/README.md.
const std::vector<std::string>& MapNames();

// Gives the map of a name; the caller keeps nothing of it.
using MapOpener = std::function<absl::StatusOr<BpfMap>(const std::string& name)>;

// Opens every table. `writable` false: mapped arrays are read-only memory.
absl::StatusOr<Tables> OpenTables(const MapOpener& open, bool writable);

// From the pins below `directory` (…/v4), read-only.
absl::StatusOr<Tables> OpenPinnedTables(const std::string& directory);

}  // namespace fairlead

#endif  // FAIRLEAD_MAPS_TABLES_H_
