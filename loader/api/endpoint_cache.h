// SPDX-License-Identifier: Apache-2.0
//
// Where the API servers are, remembered over a restart: the endpoints of the
// Service default/kubernetes, in a file of the state directory.
#ifndef FAIRLEAD_LOADER_API_ENDPOINT_CACHE_H_
#define FAIRLEAD_LOADER_API_ENDPOINT_CACHE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/kube/object_store.h"

namespace fairlead::api {

// In order, each once: the ready endpoints of default/kubernetes at its port "https".
std::vector<Endpoint> ApiServerEndpoints(const kube::ObjectStore& store);

class EndpointCache {
 public:
  explicit EndpointCache(std::string path) : path_(std::move(path)) {}

  // What was known last; nothing if there is no file. InvalidArgument for one that is damaged.
  absl::StatusOr<std::vector<Endpoint>> Read();
  // Writes what differs from the last call. Nothing is kept of an empty list: a cluster without API
  // server has nobody to say so.
  absl::Status Keep(const std::vector<Endpoint>& endpoints);

 private:
  std::string path_;
  std::vector<Endpoint> kept_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_ENDPOINT_CACHE_H_
