// SPDX-License-Identifier: Apache-2.0
//
// From flags to an Access, and the servers beyond it.
//
// fairleadd makes the Service through which pods reach the API server, so it
// cannot count on it. The order in which servers are tried:
//   1. --api-server, if given, instead of
//   2. what the kubeconfig or the pod's environment says;
//   3. where the API servers were when we last heard of them (endpoint_cache.h).
#ifndef FAIRLEAD_LOADER_API_CLUSTER_ACCESS_H_
#define FAIRLEAD_LOADER_API_CLUSTER_ACCESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/api/access.h"
#include "loader/api/in_cluster.h"

namespace fairlead::api {

struct AccessFlags {
  std::string kubeconfig = {};                // a file
  bool in_cluster = false;                    // the pod's service account
  std::vector<std::string> api_servers = {};  // URLs
  std::string service_account_directory = kServiceAccountDirectory;
};

// By the kubeconfig, the service account, or, if neither is given, anonymously at the servers.
absl::StatusOr<Access> FindAccess(const AccessFlags& flags);

// Servers at these addresses, which are to be as trustworthy as those of `access`: their
// certificates must name what its first server is called, or, if that is known by address only,
// what every API server is called in its cluster.
std::vector<ServerAddress> ServersAt(const std::vector<Endpoint>& endpoints, const Access& access);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_CLUSTER_ACCESS_H_
