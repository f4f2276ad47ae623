// SPDX-License-Identifier: Apache-2.0
//
// fairlead backends — every backend that has a number, the frontends it serves,
// and the flows that remember it.
#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/pinned_node.h"
#include "cli/print_table.h"
#include "cli/service_view.h"

namespace fairlead::cli {
namespace {

struct Frontends {
  std::vector<std::string> addresses;
  Json names = Json::array();
};

template <typename Abi>
absl::Status Append(const PinnedNode& node, const FlowTime& time, std::vector<Json>& rows) {
  const FamilyTables<Abi>& tables = node.tables().of<Abi>();
  FL_ASSIGN_OR_RETURN(const auto services, ReadServices(tables));
  std::map<uint32_t, Frontends> by_id;
  for (const ServiceView& service : services) {
    Frontends& frontends = by_id[service.entry.id];
    frontends.addresses.push_back(service.Name());
    const Json name = node.names().Service(service.family, service.Name());
    if (!name.is_null()) frontends.names.push_back(name);
  }
  for (const BackendView& backend : ReadBackends(tables, time)) {
    const Frontends& frontends = by_id[backend.service_id];
    rows.push_back({{"number", backend.number},
                    {"family", static_cast<int>(backend.family)},
                    {"endpoint", backend.endpoint.ToString()},
                    {"address", backend.endpoint.address.ToString()},
                    {"port", backend.endpoint.port},
                    {"state", BackendStateName(backend.state)},
                    {"sets", BackendSets(backend.state)},
                    {"weight", backend.weight},
                    {"flows", backend.flows},
                    {"counted_flows", backend.counted_flows},
                    {"frontends", frontends.addresses},
                    {"services", frontends.names},
                    {"pod", node.PodNameOf(backend.endpoint.address)},
                    {"generation", backend.generation},
                    {"service_id", backend.service_id}});
  }
  return absl::OkStatus();
}

class BackendsCommand final : public Command {
 public:
  const char* name() const override { return "backends"; }
  const char* summary() const override {
    return "backends, their state and the flows that use them";
  }

  absl::StatusOr<int> Run(const Options& options, std::ostream& out) override {
    FL_ASSIGN_OR_RETURN(const PinnedNode node, PinnedNode::Open(options));
    FL_ASSIGN_OR_RETURN(const FlowTime time, node.Time());
    std::vector<Json> rows;
    FL_RETURN_IF_ERROR(Append<Abi4>(node, time, rows));
    FL_RETURN_IF_ERROR(Append<Abi6>(node, time, rows));
    PrintRows(out,
              {{"NUMBER", "number"},
               {"BACKEND", "endpoint"},
               {"STATE", "state"},
               {"SETS", "sets"},
               {"WEIGHT", "weight"},
               {"FLOWS", "flows"},
               {"FRONTENDS", "frontends"},
               {"SERVICES", "services", true},
               {"POD", "pod", true},
               {"COUNTED-FLOWS", "counted_flows", true},
               {"GENERATION", "generation", true}},
              rows, options.output);
    return kFine;
  }
};

}  // namespace

std::unique_ptr<Command> MakeBackendsCommand() { return std::make_unique<BackendsCommand>(); }

}  // namespace fairlead::cli
