// SPDX-License-Identifier: Apache-2.0
#include "loader/api/endpoint_cache.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/durable_file.h"
#include "loader/api/rotating_file.h"
#include "loader/api/server_url.h"

namespace fairlead::api {
namespace {

using nlohmann::json;

constexpr size_t kMostEndpoints = 64;
constexpr char kPortName[] = "https";

}  // namespace

std::vector<Endpoint> ApiServerEndpoints(const kube::ObjectStore& store) {
  std::set<Endpoint> found;
  for (const kube::EndpointSlice* slice : store.SlicesOf({"default", "kubernetes"})) {
    for (const kube::SlicePort& port : slice->ports) {
      if (port.name != kPortName || port.protocol != Protocol::kTcp || port.port == 0) continue;
      for (const kube::SliceEndpoint& endpoint : slice->endpoints) {
        if (endpoint.ready) found.insert({endpoint.address, port.port});
      }
    }
  }
  return {found.begin(), found.end()};
}

absl::StatusOr<std::vector<Endpoint>> ReadEndpoints(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadSmallFile(path);
  if (absl::IsNotFound(text.status())) return std::vector<Endpoint>{};
  if (!text.ok()) return text.status();
  const auto damaged = [&path] {
    return absl::InvalidArgumentError(path + ": is damaged; API servers are written there anew");
  };
  const json value = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object() || !value.contains("endpoints")) return damaged();
  const json& listed = value["endpoints"];
  if (!listed.is_array() || listed.size() > kMostEndpoints) return damaged();
  std::vector<Endpoint> endpoints;
  for (const json& item : listed) {
    if (!item.is_string()) return damaged();
    const absl::StatusOr<ServerUrl> url = ParseServerUrl(item.get<std::string>());
    if (!url.ok()) return damaged();
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(url->host);
    if (!address.ok()) return damaged();
    endpoints.push_back({*address, url->port});
  }
  return endpoints;
}

absl::Status WriteEndpoints(const std::string& path, const std::vector<Endpoint>& endpoints) {
  json listed = json::array();
  for (const Endpoint& endpoint : endpoints) {
    if (listed.size() < kMostEndpoints) listed.push_back(endpoint.ToString());
  }
  return WriteFileDurably(path, json{{"endpoints", listed}}.dump() + "\n");
}

}  // namespace fairlead::api
