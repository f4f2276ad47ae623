// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/api_objects.h"

#include <fmt/format.h>
#include <malloc.h>

#include <random>
#include <utility>

#include "base/status_macros.h"
#include "loader/api/cluster_access.h"

namespace fairlead {
namespace {

api::Needs NeedsOf(const Options& options) {
  return {.node_name = options.node_name,
          // Clients are relayed to the nodes of backends, also where pods are another network's.
          .all_nodes = options.mode == Mode::kFull || options.routing.direct_return,
          .policies = options.mode == Mode::kFull};
}

}  // namespace

ApiObjects::ApiObjects(const Options& options, api::Needs needs, kube::ObjectStore& store)
    : needs_(std::move(needs)),
      node_{.node_name = options.node_name,
            .version = options.version,
            .is_network = options.mode == Mode::kFull},
      store_(store) {}

absl::StatusOr<std::unique_ptr<ObjectSource>> ApiObjects::Create(const Options& options,
                                                                 kube::ObjectStore& store) {
  std::unique_ptr<ApiObjects> objects(new ApiObjects(options, NeedsOf(options), store));
  FL_ASSIGN_OR_RETURN(const api::Access access,
                      api::FindAccess({.kubeconfig = options.kubeconfig,
                                       .in_cluster = options.in_cluster,
                                       .api_servers = options.api_servers}));
  FL_ASSIGN_OR_RETURN(objects->clock_, api::TimerClock::Create());
  FL_ASSIGN_OR_RETURN(
      objects->transport_,
      api::HttpTransport::Create(access, *objects->clock_,
                                 {.user_agent = fmt::format("fairleadd/{}", options.version)}));
  objects->servers_.emplace(access, options.state_dir, *objects->transport_);
  objects->node_status_.emplace(*objects->transport_, *objects->clock_);
  objects->events_.emplace(*objects->transport_, *objects->clock_, options.node_name,
                           std::random_device()());
  return objects;
}

// Also of a Node that was deleted and registered again: it knows nothing of the one before.
void ApiObjects::TellNode() {
  const auto node = store_.nodes().find({"", node_.node_name});
  if (node == store_.nodes().end() || node->second->meta.creation_timestamp == told_node_) return;
  told_node_ = node->second->meta.creation_timestamp;
  node_status_->Write(node_, std::random_device()());
}

void ApiObjects::NodeIsReady() {
  is_ready_ = true;
  TellNode();
  Tell({.about = {kube::Kind::kNode, {"", node_.node_name}},
        .uid = node_.node_name,
        .reason = "Starting",
        .action = "StartFairlead",
        .note = fmt::format("fairlead {} carries this node's traffic", node_.version)});
}

absl::Status ApiObjects::Start(EventLoop& loop, std::function<void()> changed) {
  changed_ = std::move(changed);
  FL_RETURN_IF_ERROR(loop.Watch(clock_->fd(), [this] { clock_->ReadReady(); }));
  FL_RETURN_IF_ERROR(loop.Watch(transport_->fd(), [this] { transport_->ReadReady(); }));
  source_.emplace(needs_, *transport_, *clock_, store_, std::random_device()(),
                  [this](const api::Reflector& by) { Changed(by); });
  source_->Start();
  return absl::OkStatus();
}

void ApiObjects::Changed(const api::Reflector& by) {
  complete_ |= !source_->has_broken_objects();
  servers_->Follow(store_);
  changed_();
  if (is_ready_) TellNode();
  if (!std::exchange(begun_, true)) {
    // Everything has been programmed, which is no change; and what the lists took on the way can go
    // back to the system.
    malloc_trim(0);
    return;
  }
  metrics_.Applied(by.resource().name, clock_->Now() - by.heard_at());
}

metrics::Families ApiObjects::ReadMetrics() const {
  std::vector<metrics::SourceFacts> facts;
  for (const auto& reflector : source_->reflectors()) {
    const api::ReflectorCounts& counts = reflector->counts();
    facts.push_back({.resource = reflector->resource().name,
                     .objects = store_.CountOf(reflector->resource().kind),
                     .lists = counts.lists,
                     .watches = counts.watches,
                     .failures = counts.failures,
                     .events = counts.events,
                     .bytes = counts.bytes});
  }
  return metrics_.Read(facts);
}

}  // namespace fairlead
