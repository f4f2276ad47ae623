// SPDX-License-Identifier: Apache-2.0
//
// fairlead nodes — how other nodes and their pods are reached, and what this
// node knows of itself.
#include <algorithm>
#include <bit>
#include <map>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/live_program.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"

namespace fairlead::cli {
namespace {

const char* KindName(uint32_t kind) {
  switch (kind) {
    case PREFIX_HOST:
      return "this node";
    case PREFIX_OWN_PODS:
      return "own pods";
    case PREFIX_PEER_PODS:
      return "pods of a node";
    case PREFIX_PEER:
      return "a node";
    case PREFIX_DIRECT:
      return "the world, not masqueraded";
    case PREFIX_PEER_HIDE:
      return "a node, masqueraded";
    case PREFIX_SERVICE:
      return "a ClusterIP";
    case PREFIX_SERVICE_CIDR:
      return "ClusterIPs";
    case PREFIX_VIRTUAL_IP:
      return "a Service's external or load balancer address";
    default:
      return "?";
  }
}

struct KnownPrefix {
  Cidr cidr;
  prefix entry;
};

template <typename Abi>
absl::Status ReadPrefixes(const FamilyTables<Abi>& tables, std::vector<KnownPrefix>& prefixes) {
  FL_ASSIGN_OR_RETURN(const auto entries, tables.prefixes.Snapshot());
  for (const auto& [key, entry] : entries) {
    prefixes.push_back({Cidr::Make(FromAbi(key.address), static_cast<int>(key.length)), entry});
  }
  return absl::OkStatus();
}

bool IsPeer(uint32_t kind) {
  return kind == PREFIX_PEER_PODS || kind == PREFIX_PEER || kind == PREFIX_PEER_HIDE;
}

std::vector<Json> PrefixRows(const std::vector<KnownPrefix>& prefixes, const PinnedNode& node) {
  std::vector<Json> rows;
  for (const KnownPrefix& known : prefixes) {
    const bool peer = IsPeer(known.entry.kind);
    rows.push_back({{"prefix", known.cidr.ToString()},
                    {"kind", KindName(known.entry.kind)},
                    {"node", peer ? Json(known.entry.node) : Json()},
                    {"name", peer ? node.names().Node(known.entry.node) : Json()}});
  }
  return rows;
}

struct Peer {
  std::vector<std::string> pods, addresses;
};

// A peer has a row while anything is known of it: without a device its uplink is down.
std::vector<Json> PeerRows(const std::vector<KnownPrefix>& prefixes, const PinnedNode& node) {
  std::map<uint32_t, Peer> peers;
  for (uint32_t slot = 0; slot < node.tables().nodes.size(); ++slot) {
    if (node.tables().nodes[slot].ifindex != 0) peers.try_emplace(slot);
  }
  for (const KnownPrefix& known : prefixes) {
    if (known.entry.kind == PREFIX_PEER_PODS) {
      peers[known.entry.node].pods.push_back(known.cidr.ToString());
    } else if (IsPeer(known.entry.kind)) {
      peers[known.entry.node].addresses.push_back(known.cidr.address().ToString());
    }
  }
  std::vector<Json> rows;
  for (const auto& [slot, peer] : peers) {
    if (slot >= node.tables().nodes.size()) continue;
    const ::node entry = node.tables().nodes[slot];
    const bool by_tunnel = entry.way != NODE_NATIVE;
    rows.push_back(
        {{"name", node.names().Node(slot)},
         {"slot", slot},
         {"way", by_tunnel ? "tunnel" : "native"},
         {"underlay", by_tunnel ? Json(FromMapped(entry.tunnel_remote).ToString()) : Json()},
         {"next_hop4", OrNull(FromAbi(entry.next_hop4))},
         {"next_hop6", OrNull(FromAbi(entry.next_hop6))},
         {"ifindex", entry.ifindex},
         {"device", OrNull(DeviceName(entry.ifindex))},
         {"mtu", entry.mtu},
         {"pods", peer.pods},
         {"addresses", peer.addresses},
         {"generation", entry.generation}});
  }
  return rows;
}

absl::StatusOr<std::vector<Json>> UplinkRows(const PinnedNode& node) {
  FL_ASSIGN_OR_RETURN(auto uplinks, node.tables().uplinks.Snapshot());
  std::sort(uplinks.begin(), uplinks.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Json> rows;
  rows.reserve(uplinks.size());
  for (const auto& [ifindex, uplink] : uplinks) {
    rows.push_back({{"device", OrNull(DeviceName(ifindex))},
                    {"ifindex", ifindex},
                    {"masquerade4", OrNull(FromAbi(uplink.address4))},
                    {"masquerade6", OrNull(FromAbi(uplink.address6))},
                    {"mtu", uplink.mtu}});
  }
  return rows;
}

template <typename Abi>
Json OwnRow(const FamilyTables<Abi>& tables) {
  const typename Abi::NodeState state = tables.node_state[0];
  const IpAddress mask = FromAbi(state.pod_mask);
  int length = 0;
  for (int i = 0; i < AddressBytes(Abi::kFamily); ++i) length += std::popcount(mask.bytes()[i]);
  return {{"family", static_cast<int>(Abi::kFamily)},
          {"address", OrNull(FromAbi(state.address))},
          {"pod_cidr", mask.IsUnspecified()
                           ? Json()
                           : Json(Cidr::Make(FromAbi(state.pod_network), length).ToString())},
          {"policy_epoch", state.policy_epoch}};
}

class NodesCommand final : public Command {
 public:
  const char* name() const override { return "nodes"; }
  const char* summary() const override { return "other nodes, whose addresses are whose, uplinks"; }

  absl::StatusOr<int> Run(const Options& options, std::ostream& out) override {
    FL_ASSIGN_OR_RETURN(const PinnedNode node, PinnedNode::Open(options));
    std::vector<KnownPrefix> prefixes;
    FL_RETURN_IF_ERROR(ReadPrefixes(node.tables().v4, prefixes));
    FL_RETURN_IF_ERROR(ReadPrefixes(node.tables().v6, prefixes));
    std::sort(prefixes.begin(), prefixes.end(),
              [](const KnownPrefix& a, const KnownPrefix& b) { return a.cidr < b.cidr; });
    FL_ASSIGN_OR_RETURN(const std::vector<Json> uplinks, UplinkRows(node));
    const std::vector<Json> own = {OwnRow(node.tables().v4), OwnRow(node.tables().v6)};
    const std::vector<Json> peers = PeerRows(prefixes, node);
    const std::vector<Json> known = PrefixRows(prefixes, node);
    if (options.output == Output::kJson) {
      const Json all = {
          {"this_node", own}, {"uplinks", uplinks}, {"nodes", peers}, {"prefixes", known}};
      out << all.dump(2) << '\n';
      return kFine;
    }
    Print(out, "this node", own,
          {{"FAMILY", "family"}, {"ADDRESS", "address"}, {"PODS", "pod_cidr"}}, options);
    Print(out, "uplinks", uplinks,
          {{"DEVICE", "device"},
           {"IFINDEX", "ifindex"},
           {"MASQUERADE4", "masquerade4"},
           {"MASQUERADE6", "masquerade6"},
           {"MTU", "mtu"}},
          options);
    Print(out, "other nodes", peers,
          {{"NAME", "name"},
           {"SLOT", "slot"},
           {"WAY", "way"},
           {"UNDERLAY", "underlay"},
           {"NEXT-HOP4", "next_hop4"},
           {"NEXT-HOP6", "next_hop6"},
           {"DEVICE", "device"},
           {"MTU", "mtu"},
           {"PODS", "pods"},
           {"ADDRESSES", "addresses", true},
           {"GENERATION", "generation", true}},
          options);
    Print(out, "whose address is it", known,
          {{"PREFIX", "prefix"}, {"KIND", "kind"}, {"SLOT", "node"}, {"NAME", "name"}}, options);
    return kFine;
  }

 private:
  void Print(std::ostream& out, const char* title, const std::vector<Json>& rows,
             const std::vector<Column>& columns, const Options& options) {
    out << (first_ ? "" : "\n") << title << ":" << (rows.empty() ? " none" : "") << '\n';
    first_ = false;
    if (!rows.empty()) PrintColumns(out, columns, rows, options.output);
  }

  bool first_ = true;
};

}  // namespace

std::unique_ptr<Command> MakeNodesCommand() { return std::make_unique<NodesCommand>(); }

}  // namespace fairlead::cli
