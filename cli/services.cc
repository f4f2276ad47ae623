// SPDX-License-Identifier: Apache-2.0
//
// fairlead services — every frontend and the backends that new flows may get.
#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"
#include "cli/service_view.h"

namespace fairlead::cli {
namespace {

// What a client meets who comes now.
const char* Answer(const ServiceView& service) {
  if (service.entry.count != 0) return "balanced";
  return (service.entry.flags & SERVICE_NO_LOCAL_BACKEND) != 0 ? "dropped: none on this node"
                                                               : "refused: no endpoints";
}

Json Row(const ServiceView& service, const PinnedNode& node) {
  std::vector<std::string> backends;
  backends.reserve(service.ready.size());
  for (const Endpoint& endpoint : service.ready) backends.push_back(endpoint.ToString());
  return {{"name", node.names().Service(service.family, service.Name())},
          {"frontend", service.Name()},
          {"type", (service.entry.flags & SERVICE_ON_HOST) != 0 ? "hostPort" : "ClusterIP"},
          {"family", static_cast<int>(service.family)},
          {"vip", service.frontend.address.ToString()},
          {"port", service.frontend.port},
          {"protocol", ProtocolName(service.protocol)},
          {"ready", service.entry.count},
          {"draining", service.draining},
          {"new_flows", Answer(service)},
          {"no_local_backend", (service.entry.flags & SERVICE_NO_LOCAL_BACKEND) != 0},
          {"id", service.entry.id},
          {"first", service.entry.first},
          {"backends", backends}};
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
               {"READY", "ready"},
               {"DRAINING", "draining"},
               {"NEW-FLOWS", "new_flows"},
               {"ID", "id"},
               {"BACKENDS", "backends", true}},
              rows, options.output);
    return kFine;
  }
};

}  // namespace

std::unique_ptr<Command> MakeServicesCommand() { return std::make_unique<ServicesCommand>(); }

}  // namespace fairlead::cli
