// SPDX-License-Identifier: Apache-2.0
//
// The service account that the kubelet gives a pod → Access. Its token and the
// cluster's authority are files that rotate.
#ifndef FAIRLEAD_LOADER_API_IN_CLUSTER_H_
#define FAIRLEAD_LOADER_API_IN_CLUSTER_H_

#include <string>

#include "absl/status/statusor.h"
#include "loader/api/access.h"

namespace fairlead::api {

inline constexpr char kServiceAccountDirectory[] = "/var/run/secrets/kubernetes.io/serviceaccount";
// A name that every API server's certificate has.
inline constexpr char kApiServerName[] = "kubernetes.default.svc";

struct ServiceEnvironment {
  std::string host;  // KUBERNETES_SERVICE_HOST
  std::string port;  // KUBERNETES_SERVICE_PORT

  static ServiceEnvironment OfProcess();
};

// NotFound, with what to do, outside of a pod.
absl::StatusOr<Access> InClusterAccess(const std::string& directory,
                                       const ServiceEnvironment& environment);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_IN_CLUSTER_H_
