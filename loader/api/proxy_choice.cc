// SPDX-License-Identifier: Apache-2.0
#include "loader/api/proxy_choice.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/ip.h"
#include "loader/api/ascii_text.h"

namespace fairlead::api {
namespace {

std::string FromEnvironment(const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

// Takes ":port" off an entry's end, if it is there. False if it is another port than `port`.
bool TakePort(std::string_view& entry, uint16_t port) {
  const size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos) return true;
  if (entry.find(':') != colon && entry[colon - 1] != ']') return true;  // an IPv6 address
  const auto wanted = ParseNumber<uint16_t>(entry.substr(colon + 1));
  if (!wanted) return true;
  entry = entry.substr(0, colon);
  return *wanted == port;
}

bool Excludes(std::string_view entry, const ServerUrl& server, const std::string& host) {
  if (entry == "*") return true;
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(server.host);
  if (const auto block = Cidr::Parse(entry); block.ok()) {
    return address.ok() && block->Contains(*address);
  }
  if (!TakePort(entry, server.port)) return false;
  if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  if (const auto excluded = IpAddress::Parse(entry); excluded.ok()) {
    return address.ok() && *address == *excluded;
  }
  if (entry.empty() || address.ok()) return false;
  if (entry.starts_with('*')) entry.remove_prefix(1);
  // "example.com" is that and what is below it; ".example.com" only what is below.
  if (entry.starts_with('.')) return host.ends_with(entry);
  return host == entry || host.ends_with("." + std::string(entry));
}

}  // namespace

ProxyEnvironment ProxyEnvironment::OfProcess() {
  return {FromEnvironment("HTTPS_PROXY", "https_proxy"),
          FromEnvironment("HTTP_PROXY", "http_proxy"), FromEnvironment("NO_PROXY", "no_proxy")};
}

std::string ChooseProxy(const ServerUrl& server, const ProxyEnvironment& environment) {
  const std::string& proxy = server.tls ? environment.https_proxy : environment.http_proxy;
  if (proxy.empty()) return "";
  const std::string host = Lower(server.host);
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(host);
  if (host == "localhost" || (address.ok() && address->IsLoopback())) return "";
  std::string_view left = environment.no_proxy;
  while (!left.empty()) {
    const size_t comma = std::min(left.find(','), left.size());
    const std::string entry = Lower(Trim(left.substr(0, comma)));
    if (!entry.empty() && Excludes(entry, server, host)) return "";
    left.remove_prefix(std::min(comma + 1, left.size()));
  }
  return proxy;
}

}  // namespace fairlead::api
