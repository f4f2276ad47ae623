// SPDX-License-Identifier: Apache-2.0
#include "loader/api/server_url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "loader/api/ascii_text.h"

namespace fairlead::api {
namespace {

// "" when the URL has no such part.
std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

}  // namespace

std::string ServerUrl::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}:{}", is_ipv6 ? fmt::format("[{}]", host) : host, port);
}

std::string ServerUrl::ToString() const {
  return (tls ? "https://" : "http://") + authority() + path;
}

ServerUrl ServerUrl::WithHost(std::string name) const {
  ServerUrl other = *this;
  other.host = std::move(name);
  return other;
}

absl::StatusOr<ServerUrl> ParseServerUrl(const std::string& text) {
  // Before an @ there may be a password.
  const bool secret = text.find('@') != std::string::npos;
  const auto refuse = [&text, secret](std::string_view why) {
    return absl::InvalidArgumentError(
        fmt::format("{} is no URL of an API server, such as https://10.0.0.1:6443: {}",
                    secret ? "this" : fmt::format("\"{}\"", text), why));
  };
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  const std::string whole = text.find("://") != std::string::npos ? text : "https://" + text;
  if (text.empty()) return refuse("it is empty");
  if (const CURLUcode error = curl_url_set(url.get(), CURLUPART_URL, whole.c_str(), 0);
      error != CURLUE_OK) {
    return refuse(curl_url_strerror(error));
  }
  ServerUrl parsed;
  const std::string scheme = Part(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return refuse("must begin with https:// or http://");
  if (!Part(url.get(), CURLUPART_USER).empty() || !Part(url.get(), CURLUPART_PASSWORD).empty()) {
    return refuse("credentials do not belong into it");
  }
  if (!Part(url.get(), CURLUPART_QUERY).empty() || !Part(url.get(), CURLUPART_FRAGMENT).empty()) {
    return refuse("it has a query or a fragment");
  }
  if (!Part(url.get(), CURLUPART_ZONEID).empty()) return refuse("it has an IPv6 zone");
  parsed.tls = scheme == "https";
  parsed.host = Part(url.get(), CURLUPART_HOST);
  if (parsed.host.starts_with('[')) {
    parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  }
  const std::string port = Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  parsed.port = ParseNumber<uint16_t>(port).value_or(0);
  if (parsed.port == 0) return refuse("its port is 0");
  parsed.path = Part(url.get(), CURLUPART_PATH);
  while (parsed.path.ends_with('/')) parsed.path.pop_back();
  return parsed;
}

}  // namespace fairlead::api
