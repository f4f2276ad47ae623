// SPDX-License-Identifier: Apache-2.0
//
// Where the controller's objects come from: a directory of manifests, or an API
// server. A source keeps the store up to date and says how far it may be
// believed; what it means for the node is the controller's.
#ifndef FAIRLEAD_LOADER_DAEMON_OBJECT_SOURCE_H_
#define FAIRLEAD_LOADER_DAEMON_OBJECT_SOURCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/api/event_recorder.h"
#include "loader/daemon/event_loop.h"
#include "loader/daemon/options.h"
#include "loader/kube/object_store.h"
#include "loader/metrics/dataplane_metrics.h"

namespace fairlead {

class ObjectSource {
 public:
  virtual ~ObjectSource() = default;

  // `changed` is called on the loop's thread when the store, listed() or complete() has changed;
  // not from within Start(). The loop must outlive the source.
  virtual absl::Status Start(EventLoop& loop, std::function<void()> changed) = 0;

  // The store holds what there is, as far as it can be read. Never false again.
  virtual bool listed() const = 0;
  // Once, nothing in it could not be read: what is not in the store, is not in the cluster, and
  // what an earlier run has left behind can go. Never false again.
  virtual bool complete() const = 0;
  // What is waited for, until listed().
  virtual std::string Missing() const = 0;

  // This node carries traffic. For whoever may be told so.
  virtual void NodeIsReady() {}
  // For people who look at the object that it is about.
  virtual void Tell(const api::Event& /*event*/) {}

  // Everything that is wrong now; each has been logged.
  virtual std::vector<std::string> problems() const = 0;
  virtual metrics::Families ReadMetrics() const = 0;
};

// The one that the options name. The store must outlive it.
absl::StatusOr<std::unique_ptr<ObjectSource>> MakeObjectSource(const Options& options,
                                                               kube::ObjectStore& store);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_OBJECT_SOURCE_H_
