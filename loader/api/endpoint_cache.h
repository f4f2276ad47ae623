// SPDX-License-Identifier: Apache-2.0
//
// Where the API servers are, remembered over a restart: the endpoints of the
// Service default/kubernetes, in a file of the state directory.
#ifndef FAIRLEAD_LOADER_API_ENDPOINT_CACHE_H_
#define FAIRLEAD_LOADER_API_ENDPOINT_CACHE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/kube/object_store.h"

namespace fairlead::api {

// In order, each once: the ready endpoints of default/kubernetes at its port "https".
std::vector<Endpoint> ApiServerEndpoints(const kube::ObjectStore& store);

// What was written last; nothing if there is no file. InvalidArgument for one that is damaged.
absl::StatusOr<std::vector<Endpoint>> ReadEndpoints(const std::string& path);
absl::Status WriteEndpoints(const std::string& path, const std::vector<Endpoint>& endpoints);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_ENDPOINT_CACHE_H_
