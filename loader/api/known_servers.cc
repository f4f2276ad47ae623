// SPDX-License-Identifier: Apache-2.0
#include "loader/api/known_servers.h"

#include "base/log.h"
#include "loader/api/endpoint_cache.h"

namespace fairlead::api {

KnownServers::KnownServers(Access access, const std::string& state_directory,
                           HttpTransport& transport)
    : access_(std::move(access)),
      path_(state_directory + "/" + kKnownServersFile),
      transport_(transport) {
  const absl::StatusOr<std::vector<Endpoint>> known = ReadEndpoints(path_);
  if (known.ok()) {
    Use(*known);
  } else {
    LogWarn("{}", std::string(known.status().message()));
  }
}

void KnownServers::Follow(const kube::ObjectStore& store) {
  const std::vector<Endpoint> endpoints = ApiServerEndpoints(store);
  if (endpoints.empty() || endpoints == used_) return;
  Use(endpoints);
  const absl::Status kept = WriteEndpoints(path_, endpoints);
  if (!kept.ok()) LogWarn("{}", std::string(kept.message()));
}

void KnownServers::Use(const std::vector<Endpoint>& endpoints) {
  used_ = endpoints;
  transport_.SetFallbacks(ServersAt(endpoints, access_));
}

}  // namespace fairlead::api
