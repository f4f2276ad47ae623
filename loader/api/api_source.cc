// SPDX-License-Identifier: Apache-2.0
#include "loader/api/api_source.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace fairlead::api {

ApiSource::ApiSource(const Needs& needs, Transport& transport, Clock& clock,
                     kube::ObjectStore& store, uint64_t seed, Changed changed)
    : store_(store), changed_(std::move(changed)) {
  for (Resource& resource : ResourcesFor(needs)) {
    const size_t index = reflectors_.size();
    reflectors_.push_back(
        std::make_unique<Reflector>(std::move(resource), transport, clock, store, seed + index,
                                    [this, index] { Heard(*reflectors_[index]); }));
  }
}

void ApiSource::Start() {
  for (const auto& reflector : reflectors_) reflector->Start();
}

void ApiSource::Heard(const Reflector& reflector) {
  const bool had_broken_objects = std::exchange(had_broken_objects_, has_broken_objects());
  if (!synced_) {
    synced_ = std::ranges::all_of(reflectors_, [](const auto& one) { return one->settled(); });
    if (!synced_) return;
    for (const auto& one : reflectors_) one->Publish();
    LogInfo("the cluster's objects have been listed: services={} endpoint_slices={} nodes={}",
            store_.services().size(), store_.endpoint_slices().size(), store_.nodes().size());
  } else if (store_.revision() == revision_ && had_broken_objects_ == had_broken_objects) {
    return;
  }
  revision_ = store_.revision();
  changed_(reflector);
}

bool ApiSource::has_broken_objects() const {
  return std::ranges::any_of(reflectors_,
                             [](const auto& one) { return one->has_broken_objects(); });
}

std::string ApiSource::Missing() const {
  std::vector<std::string> names;
  for (const auto& reflector : reflectors_) {
    if (!synced_ && !reflector->settled()) names.push_back(reflector->resource().name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::vector<std::string> ApiSource::problems() const {
  std::vector<std::string> problems;
  for (const auto& reflector : reflectors_) {
    for (std::string& problem : reflector->problems()) problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace fairlead::api
