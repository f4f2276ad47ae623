// SPDX-License-Identifier: Apache-2.0
//
// fairlead pods — the pods of this node that the dataplane knows.
#include <algorithm>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/live_program.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"

namespace fairlead::cli {
namespace {

Json Row(uint32_t slot, const pod& pod, const PinnedNode& node) {
  MacAddress mac;
  std::copy(std::begin(pod.mac), std::end(pod.mac), mac.begin());
  return {{"name", node.names().Pod(slot)},
          {"slot", slot},
          {"ip4", OrNull(FromAbi(pod.address4))},
          {"ip6", OrNull(FromAbi(pod.address6))},
          {"ifindex", pod.ifindex},
          {"device", OrNull(DeviceName(pod.ifindex))},
          {"mac", MacToString(mac)},
          {"generation", pod.generation},
          {"no_source_port", uint32_t{node.tables().snat_refused[slot]}},
          {"policy_subject", pod.policy_subject},
          {"host_ports", node.names().HostPorts(slot)},
          {"container", node.names().Container(slot)}};
}

class PodsCommand final : public Command {
 public:
  const char* name() const override { return "pods"; }
  const char* summary() const override { return "pods of this node that the dataplane knows"; }

  absl::StatusOr<int> Run(const Options& options, std::ostream& out) override {
    FL_ASSIGN_OR_RETURN(const PinnedNode node, PinnedNode::Open(options));
    std::vector<Json> rows;
    for (uint32_t slot = 0; slot < node.tables().pods.size(); ++slot) {
      const pod copy = node.tables().pods[slot];
      if (copy.ifindex != 0) rows.push_back(Row(slot, copy, node));
    }
    PrintRows(out,
              {{"NAME", "name"},
               {"SLOT", "slot"},
               {"IPV4", "ip4"},
               {"IPV6", "ip6"},
               {"DEVICE", "device"},
               {"IFINDEX", "ifindex"},
               {"MAC", "mac"},
               {"GENERATION", "generation", true},
               {"NO-SOURCE-PORT", "no_source_port", true},
               {"POLICY-SUBJECT", "policy_subject", true},
               {"HOST-PORTS", "host_ports", true},
               {"CONTAINER", "container", true}},
              rows, options.output);
    return kFine;
  }
};

}  // namespace

std::unique_ptr<Command> MakePodsCommand() { return std::make_unique<PodsCommand>(); }

}  // namespace fairlead::cli
