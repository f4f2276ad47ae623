// SPDX-License-Identifier: Apache-2.0
#include "loader/api/node_status.h"

#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "loader/api/rights.h"

namespace fairlead::api {
namespace {

using nlohmann::json;

json Body(const NodeStatus& status) {
  json body = {{"metadata", {{"annotations", {{kVersionAnnotation, status.version}}}}}};
  if (status.is_network) {
    const std::string now =
        absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone());
    body["status"]["conditions"] = json::array({{{"type", "NetworkUnavailable"},
                                                 {"status", "False"},
                                                 {"reason", "FairleadIsUp"},
                                                 {"message", "fairlead is running on this node"},
                                                 {"lastTransitionTime", now},
                                                 {"lastHeartbeatTime", now}}});
  }
  return body;
}

}  // namespace

void NodeStatusWriter::Write(const NodeStatus& status, uint64_t seed) {
  Request request{.verb = Verb::kPatch,
                  .target = "/api/v1/nodes/" + status.node_name + "/status",
                  // Merges conditions by type: others' stay.
                  .content_type = "application/strategic-merge-patch+json",
                  .body = Body(status).dump()};
  request_ = std::make_unique<PatientRequest>(transport_, clock_, seed, std::move(request),
                                              [](int code, const std::string& body) {
                                                if (code >= 300)
                                                  LogMissing(kWritesNodeStatus, code, body);
                                              });
}

}  // namespace fairlead::api
