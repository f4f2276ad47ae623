// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/proxy_record.h"

#include <algorithm>
#include <optional>

#include "absl/hash/hash.h"
#include "absl/time/time.h"

namespace fairlead {
namespace {

constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};

size_t HashOfEndpoints(const kube::EndpointSlice& slice) {
  size_t hash = slice.endpoints.size();
  for (const kube::SlicePort& port : slice.ports) {
    hash = absl::HashOf(hash, port.name, port.protocol, port.port);
  }
  for (const kube::SliceEndpoint& endpoint : slice.endpoints) {
    hash =
        absl::HashOf(hash, endpoint.address, endpoint.ready, endpoint.serving, endpoint.terminating,
                     endpoint.node_name, endpoint.hints().zones, endpoint.hints().nodes);
  }
  return hash;
}

std::optional<std::chrono::system_clock::time_point> TriggerTime(const kube::EndpointSlice& slice) {
  const auto text = slice.meta.annotations.Find(kTriggerTimeAnnotation);
  if (!text.has_value()) return std::nullopt;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, std::string(*text), &time, &error)) return std::nullopt;
  return absl::ToChronoTime(time);
}

}  // namespace

void ProxyRecord::Queued(const kube::ObjectChanges& changes, const kube::ObjectStore& store,
                         const Instant& now) {
  if (changes.affected_services.empty() && changes.endpoint_slices.empty()) return;
  // A slice of no Service changes no table, so nothing would ever be applied for it.
  if (!changes.affected_services.empty()) health_.Queued(now);
  size_t slices[2] = {0, 0};
  for (const kube::ObjectName& name : changes.endpoint_slices) {
    const auto slice = store.endpoint_slices().find(name);
    if (slice != store.endpoint_slices().end()) SliceQueued(*slice->second);
    const auto known = slices_.find(name);
    if (known == slices_.end()) continue;
    ++slices[known->second.family == Family::kIpv6 ? 1 : 0];
    if (slice == store.endpoint_slices().end()) slices_.erase(known);
  }
  for (const Family family : kFamilies) {
    metrics_.ServicesChanged(family, changes.services.size(), now.wall);
    metrics_.EndpointSlicesChanged(family, slices[family == Family::kIpv6 ? 1 : 0], now.wall);
  }
}

// As kube-proxy counts: what its controller dates before our start, or what
// changes no endpoint, says nothing about how fast we are.
void ProxyRecord::SliceQueued(const kube::EndpointSlice& slice) {
  if (slice.address_type == kube::AddressType::kFqdn) return;
  const Family family =
      slice.address_type == kube::AddressType::kIpv4 ? Family::kIpv4 : Family::kIpv6;
  const Slice now{family, HashOfEndpoints(slice)};
  const auto [known, is_new] = slices_.try_emplace(slice.meta.name, now);
  const bool same = !is_new && known->second.content == now.content;
  known->second = now;
  const auto time = TriggerTime(slice);
  if (same || !time.has_value() || *time <= started_.wall) return;
  triggers_.try_emplace(slice.meta.name, Trigger{family, *time});
}

void ProxyRecord::Applied(Outcome outcome, const Instant& began, const Instant& now) {
  if (outcome != Outcome::kDone) {
    for (const Family family : kFamilies) metrics_.SyncFailed(family);
  }
  if (outcome == Outcome::kFailed) {
    health_.Queued(began);
    return;
  }
  health_.Updated(now);
  const auto sync = synced_ ? metrics::Sync::kPartial : metrics::Sync::kFull;
  synced_ = true;
  for (const Family family : kFamilies) {
    metrics_.Synced(family, sync, now.steady - began.steady, now.wall);
  }
  for (const auto& [slice, trigger] : triggers_) {
    metrics_.Programmed(trigger.family,
                        std::max(now.wall - trigger.time, std::chrono::system_clock::duration(0)));
  }
  triggers_.clear();
}

}  // namespace fairlead
