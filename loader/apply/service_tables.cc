// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/service_tables.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "base/status_macros.h"

namespace fairlead::apply {
namespace {

constexpr size_t kNamedFailures = 5;

}  // namespace

absl::StatusOr<ServiceTables> ServiceTables::Adopt(Tables& tables) {
  ServiceTables result;
  FL_ASSIGN_OR_RETURN(result.v4_, FamilyServices<Abi4>::Adopt(tables.v4));
  FL_ASSIGN_OR_RETURN(result.v6_, FamilyServices<Abi6>::Adopt(tables.v6));
  return result;
}

absl::Status ServiceTables::Put(const plan::ServicePortName& name,
                                const plan::PlannedService& planned) {
  return name.family == Family::kIpv4 ? v4_.Put(name, planned) : v6_.Put(name, planned);
}

absl::Status ServiceTables::Remove(const plan::ServicePortName& name) {
  return name.family == Family::kIpv4 ? v4_.Remove(name) : v6_.Remove(name);
}

void ServiceTables::Settle() {
  v4_.Settle();
  v6_.Settle();
}

absl::Status ServiceTables::Apply(const plan::ServicePlan& desired, Unasked unasked) {
  std::map<plan::ServicePortName, absl::Status> failures;
  const auto put = [&](const plan::ServicePortName& name) {
    const absl::Status status = Put(name, desired.services.at(name));
    if (status.ok()) {
      failures.erase(name);
    } else {
      failures[name] = status;
    }
  };
  for (const auto& [name, planned] : desired.services) put(name);
  const bool keep = unasked == Unasked::kKeep;
  if (!keep || !desired.service_cidrs.empty()) {
    FL_RETURN_IF_ERROR(v4_.SetServiceCidrs(desired.service_cidrs));
    FL_RETURN_IF_ERROR(v6_.SetServiceCidrs(desired.service_cidrs));
  }
  for (const auto& installed : {v4_.names(), v6_.names()}) {
    for (const plan::ServicePortName& name : installed) {
      const bool stays = keep && name.owner.kind != kube::Kind::kPod;
      if (stays || desired.services.contains(name)) continue;
      if (absl::Status status = Remove(name); !status.ok()) failures[name] = status;
    }
  }
  FL_RETURN_IF_ERROR(v4_.RemoveUnasked(/*only_host_ports=*/keep));
  FL_RETURN_IF_ERROR(v6_.RemoveUnasked(/*only_host_ports=*/keep));
  Settle();
  // What found no room may find some now that others have gone.
  const std::map<plan::ServicePortName, absl::Status> again = failures;
  for (const auto& [name, status] : again) {
    if (desired.services.contains(name)) put(name);
  }
  if (failures.empty()) return absl::OkStatus();
  std::vector<std::string> texts;
  for (const auto& [name, status] : failures) {
    if (texts.size() < kNamedFailures) texts.emplace_back(status.message());
  }
  return {failures.begin()->second.code(),
          fmt::format("{} services not applied: {}{}", failures.size(), fmt::join(texts, "; "),
                      failures.size() > kNamedFailures ? "; …" : "")};
}

}  // namespace fairlead::apply
