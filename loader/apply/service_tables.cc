// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/service_tables.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"

namespace fairlead::apply {
namespace {

constexpr size_t kNamedFailures = 5;

// What could not be done last, by service port, and what is no service port's.
class Failures {
 public:
  void Note(absl::Status status) {
    if (!status.ok()) others_.push_back(std::move(status));
  }
  void Note(const plan::ServicePortName& name, const absl::Status& status) {
    if (status.ok()) {
      statuses_.erase(name);
    } else {
      statuses_[name] = status;
    }
  }

  std::vector<plan::ServicePortName> names() const {
    std::vector<plan::ServicePortName> names;
    for (const auto& [name, status] : statuses_) names.push_back(name);
    return names;
  }

  // A lack of room is all that is wrong, or it is not the summary's code.
  absl::Status Summary() const {
    absl::Status worst;
    std::vector<std::string> texts;
    for (const auto& [name, status] : statuses_) {
      worst = Worse(worst, status);
      if (texts.size() < kNamedFailures) texts.emplace_back(status.message());
    }
    if (!texts.empty()) {
      texts = {fmt::format("{} services not applied as asked: {}{}", statuses_.size(),
                           fmt::join(texts, "; "), statuses_.size() > kNamedFailures ? "; …" : "")};
    }
    for (const absl::Status& status : others_) {
      worst = Worse(worst, status);
      texts.emplace_back(status.message());
    }
    return {worst.code(), fmt::format("{}", fmt::join(texts, "; "))};
  }

 private:
  static absl::Status Worse(const absl::Status& one, const absl::Status& other) {
    return one.ok() || absl::IsResourceExhausted(one) ? other : one;
  }

  std::map<plan::ServicePortName, absl::Status> statuses_;
  std::vector<absl::Status> others_;
};

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
  Failures failures;
  const bool keep = unasked == Unasked::kKeep;
  if (!keep) {
    v4_.ForgetEarlierRun();
    v6_.ForgetEarlierRun();
  }
  v4_.Recognise(desired.services);
  v6_.Recognise(desired.services);
  for (const auto& [name, planned] : desired.services) failures.Note(name, Put(name, planned));
  if (!keep || !desired.service_cidrs.empty()) {
    failures.Note(v4_.SetServiceCidrs(desired.service_cidrs));
    failures.Note(v6_.SetServiceCidrs(desired.service_cidrs));
  }
  for (const auto& installed : {v4_.names(), v6_.names()}) {
    for (const plan::ServicePortName& name : installed) {
      // Asked for since the start, and not any more.
      if (!desired.services.contains(name)) failures.Note(name, Remove(name));
    }
  }
  FL_RETURN_IF_ERROR(v4_.RemoveUnasked(/*only_host_ports=*/keep));
  FL_RETURN_IF_ERROR(v6_.RemoveUnasked(/*only_host_ports=*/keep));
  Settle();
  // What found no room may find some now that others have gone.
  for (const plan::ServicePortName& name : failures.names()) {
    const auto planned = desired.services.find(name);
    if (planned != desired.services.end()) failures.Note(name, Put(name, planned->second));
  }
  failures.Note(v4_.KeepPrefixes());
  failures.Note(v6_.KeepPrefixes());
  return failures.Summary();
}

absl::Status ServiceTables::ApplyOnly(const std::set<plan::ServicePortName>& names,
                                      const plan::ServicePlan& desired) {
  Failures failures;
  for (const plan::ServicePortName& name : names) {
    const auto planned = desired.services.find(name);
    if (planned != desired.services.end()) failures.Note(name, Put(name, planned->second));
  }
  for (const plan::ServicePortName& name : names) {
    if (!desired.services.contains(name)) failures.Note(name, Remove(name));
  }
  Settle();
  return failures.Summary();
}

}  // namespace fairlead::apply
