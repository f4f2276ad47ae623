// SPDX-License-Identifier: Apache-2.0
//
// Keeps a transport's fallbacks, and their file, at the addresses where the
// cluster says that its API servers are.
#ifndef FAIRLEAD_LOADER_API_KNOWN_SERVERS_H_
#define FAIRLEAD_LOADER_API_KNOWN_SERVERS_H_

#include <string>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "loader/api/cluster_access.h"
#include "loader/api/http_transport.h"
#include "loader/kube/object_store.h"

namespace fairlead::api {

inline constexpr char kKnownServersFile[] = "api-servers.json";  // in the state directory

class KnownServers {
 public:
  // Begins with what the file in `state_directory` says. The transport must outlive this.
  KnownServers(Access access, const std::string& state_directory, HttpTransport& transport);

  // Call when EndpointSlices have changed. Cheap when those of default/kubernetes have not. That
  // there are none is no news: a cluster without API server has nobody to say so.
  void Follow(const kube::ObjectStore& store);

 private:
  void Use(const std::vector<Endpoint>& endpoints);

  const Access access_;
  const std::string path_;  // of the file
  HttpTransport& transport_;
  std::vector<Endpoint> used_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_KNOWN_SERVERS_H_
