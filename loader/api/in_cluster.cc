// SPDX-License-Identifier: Apache-2.0
#include "loader/api/in_cluster.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/status_macros.h"
#include "loader/api/ascii_text.h"
#include "loader/api/server_url.h"

namespace fairlead::api {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

ServiceEnvironment ServiceEnvironment::OfProcess() {
  return {Variable("KUBERNETES_SERVICE_HOST"), Variable("KUBERNETES_SERVICE_PORT")};
}

absl::StatusOr<Access> InClusterAccess(const std::string& directory,
                                       const ServiceEnvironment& environment) {
  if (environment.host.empty() || environment.port.empty()) {
    return absl::NotFoundError(
        "--in-cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is "
        "no "
        "pod of a cluster; give --kubeconfig");
  }
  ServerUrl url;
  url.host = environment.host;
  url.port = ParseNumber<uint16_t>(environment.port).value_or(0);
  const absl::StatusOr<ServerUrl> checked = ParseServerUrl(url.ToString());
  if (!checked.ok()) {
    return absl::InvalidArgumentError(fmt::format(
        "--in-cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no server: {}",
        std::string(checked.status().message())));
  }
  Access access;
  access.servers = {{.url = checked->ToString()}};
  access.ca.file = directory + "/ca.crt";
  access.user.token.file = directory + "/token";
  return access;
}

}  // namespace fairlead::api
