// SPDX-License-Identifier: Apache-2.0
//
// Objects from an API server: a connection, its time, and the reflectors over
// them, as one source.
#ifndef FAIRLEAD_LOADER_DAEMON_API_OBJECTS_H_
#define FAIRLEAD_LOADER_DAEMON_API_OBJECTS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loader/api/api_source.h"
#include "loader/api/event_recorder.h"
#include "loader/api/http_transport.h"
#include "loader/api/known_servers.h"
#include "loader/api/node_status.h"
#include "loader/api/timer_clock.h"
#include "loader/daemon/object_source.h"
#include "loader/metrics/source_metrics.h"

namespace fairlead {

class ApiObjects : public ObjectSource {
 public:
  // Fails where the credentials are wrong in themselves. A server that is not there is waited for.
  static absl::StatusOr<std::unique_ptr<ObjectSource>> Create(const Options& options,
                                                              kube::ObjectStore& store);

  absl::Status Start(EventLoop& loop, std::function<void()> changed) override;
  bool listed() const override { return source_.has_value() && source_->synced(); }
  bool complete() const override { return complete_; }
  std::string Missing() const override { return source_->Missing(); }
  void NodeIsReady() override;
  void Tell(const api::Event& event) override { events_->Record(event); }
  std::vector<std::string> problems() const override { return source_->problems(); }
  metrics::Families ReadMetrics() const override;

 private:
  ApiObjects(const Options& options, api::Needs needs, kube::ObjectStore& store);
  void Changed(const api::Reflector& by);
  void TellNode();

  const api::Needs needs_;
  const api::NodeStatus node_;
  kube::ObjectStore& store_;
  std::function<void()> changed_;
  metrics::SourceMetrics metrics_;
  bool complete_ = false;
  bool is_ready_ = false;
  std::optional<std::string> told_node_;  // when it was created
  bool begun_ = false;
  // Each needs those before it.
  std::unique_ptr<api::TimerClock> clock_;
  std::unique_ptr<api::HttpTransport> transport_;
  std::optional<api::KnownServers> servers_;
  std::optional<api::ApiSource> source_;
  std::optional<api::NodeStatusWriter> node_status_;
  std::optional<api::EventRecorder> events_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_API_OBJECTS_H_
