// SPDX-License-Identifier: Apache-2.0
#include "loader/api/cluster_access.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "loader/api/kubeconfig.h"
#include "loader/api/server_url.h"

namespace fairlead::api {

absl::StatusOr<Access> FindAccess(const AccessFlags& flags) {
  Access access;
  if (!flags.kubeconfig.empty()) {
    FL_ASSIGN_OR_RETURN(access, ReadKubeconfig(flags.kubeconfig));
  } else if (flags.in_cluster) {
    absl::StatusOr<Access> own =
        InClusterAccess(flags.service_account_directory, ServiceEnvironment::OfProcess());
    // With a server given, the environment is not needed.
    if (!own.ok() && (flags.api_servers.empty() || !absl::IsNotFound(own.status()))) {
      return own.status();
    }
    if (own.ok()) {
      access = *std::move(own);
    } else {
      access.ca.file = flags.service_account_directory + "/ca.crt";
      access.user.token.file = flags.service_account_directory + "/token";
    }
  }
  if (flags.api_servers.empty()) return access;
  const std::string tls_name = access.servers.empty() ? "" : access.servers.front().tls_name;
  access.servers.clear();
  for (const std::string& text : flags.api_servers) {
    const absl::StatusOr<ServerUrl> url = ParseServerUrl(text);
    if (!url.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("--api-server: {}", std::string(url.status().message())));
    }
    access.servers.push_back({.url = url->ToString(), .tls_name = tls_name});
  }
  return access;
}

std::vector<ServerAddress> ServersAt(const std::vector<Endpoint>& endpoints, const Access& access) {
  std::vector<ServerAddress> servers;
  // What is found there is believed because of its certificate.
  if (access.servers.empty() || access.insecure_skip_tls_verify) return servers;
  const ServerAddress& configured = access.servers.front();
  const absl::StatusOr<ServerUrl> url = ParseServerUrl(configured.url);
  // Where TLS ends at a proxy of its own, or there is none, the endpoints speak another language.
  if (!url.ok() || !url->tls || !url->path.empty()) return servers;
  std::string tls_name = configured.tls_name.empty() ? url->host : configured.tls_name;
  if (IpAddress::Parse(tls_name).ok()) tls_name = kApiServerName;
  servers.reserve(endpoints.size());
  for (const Endpoint& endpoint : endpoints) {
    servers.push_back({.url = "https://" + endpoint.ToString(), .tls_name = tls_name});
  }
  return servers;
}

}  // namespace fairlead::api
