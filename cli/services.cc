// SPDX-License-Identifier: Apache-2.0
//
// fairlead services — every frontend and the backends that new flows may get: of
// this node's pods and processes (inside), and of everybody else (outside).
#include <fmt/format.h>

#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"
#include "cli/service_view.h"

namespace fairlead::cli {
namespace {

// What a client meets who comes now, by which side it comes from.
const char* Answer(uint32_t count, bool has_endpoints_elsewhere) {
  if (count != 0) return "balanced";
  return has_endpoints_elsewhere ? "dropped: none on this node" : "refused: no endpoints";
}

const char* SetName(uint32_t flags, uint32_t flag) {
  return (flags & flag) != 0 ? "local" : "cluster";
}

std::vector<std::string> Texts(const std::vector<Endpoint>& endpoints) {
  std::vector<std::string> texts;
  texts.reserve(endpoints.size());
  for (const Endpoint& endpoint : endpoints) texts.push_back(endpoint.ToString());
  return texts;
}

Json Row(const ServiceView& view, const PinnedNode& node) {
  const service& entry = view.entry;
  const std::string inside = SetName(entry.flags, SERVICE_INSIDE_LOCAL);
  const std::string outside = SetName(entry.flags, SERVICE_OUTSIDE_LOCAL);
  return {
      {"name", node.names().Service(view.family, view.Name())},
      {"frontend", view.Name()},
      {"type", ServiceKindName(entry.kind)},
      {"family", static_cast<int>(view.family)},
      {"vip", view.frontend.address.ToString()},
      {"port", view.frontend.port},
      {"protocol", ProtocolName(view.protocol)},
      {"policy", inside == outside ? inside : fmt::format("{}/{}", inside, outside)},
      {"algorithm", AlgorithmName(entry.flags)},
      {"ready", view.ready.size()},
      {"outside_ready", view.outside.size()},
      {"draining", view.draining},
      {"new_flows", Answer(entry.count, (entry.flags & SERVICE_NO_LOCAL_BACKEND) != 0)},
      {"from_outside", Answer(entry.outside_count, (entry.flags & SERVICE_OUTSIDE_NO_LOCAL) != 0)},
      {"affinity_seconds", entry.affinity},
      {"id", entry.id},
      {"first", entry.first},
      {"count", entry.count},
      {"outside_first", entry.outside_first},
      {"backends", Texts(view.ready)},
      {"outside_backends", Texts(view.outside)}};
}

template <typename Abi>
absl::Status Append(const PinnedNode& node, std::vector<Json>& rows) {
  FL_ASSIGN_OR_RETURN(const auto services, ReadServices(node.tables().of<Abi>()));
  for (const ServiceView& service : services) rows.push_back(Row(service, node));
  return absl::OkStatus();
}

class ServicesCommand final : public Command {
 public:
  const char* name() const override { return "services"; }
  const char* summary() const override {
    return "service addresses and how many backends each has";
  }

  absl::StatusOr<int> Run(const Options& options, std::ostream& out) override {
    FL_ASSIGN_OR_RETURN(const PinnedNode node, PinnedNode::Open(options));
    std::vector<Json> rows;
    FL_RETURN_IF_ERROR(Append<Abi4>(node, rows));
    FL_RETURN_IF_ERROR(Append<Abi6>(node, rows));
    PrintRows(out,
              {{"NAME", "name"},
               {"FRONTEND", "frontend"},
               {"TYPE", "type"},
               {"POLICY", "policy"},
               {"ALGORITHM", "algorithm"},
               {"READY", "ready"},
               {"OUTSIDE", "outside_ready"},
               {"DRAINING", "draining"},
               {"NEW-FLOWS", "new_flows"},
               {"ID", "id"},
               {"FROM-OUTSIDE", "from_outside", true},
               {"BACKENDS", "backends", true},
               {"OUTSIDE-BACKENDS", "outside_backends", true}},
              rows, options.output);
    return kFine;
  }
};

}  // namespace

std::unique_ptr<Command> MakeServicesCommand() { return std::make_unique<ServicesCommand>(); }

}  // namespace fairlead::cli
