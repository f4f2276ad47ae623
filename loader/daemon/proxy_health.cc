// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/proxy_health.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fairlead {
namespace {

constexpr int kOk = 200;
constexpr int kUnavailable = 503;

// RFC 3339 with as many digits of a second as it takes, as Go writes a time.
std::string ToText(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  std::string fraction = fmt::format(
      ".{:09}", std::chrono::duration_cast<std::chrono::nanoseconds>(time - seconds).count());
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (fraction == ".") fraction.clear();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}{}Z", fmt::gmtime(seconds), fraction);
}

// A manifest may call its objects whatever it likes.
std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

constexpr char kNever[] = "0001-01-01T00:00:00Z";  // Go's zero time

}  // namespace

void ProxyHealth::SetNode(const kube::Node* node) {
  eligible_ = node != nullptr && !node->meta.deleting &&
              std::ranges::none_of(node->taints, [](const kube::Taint& taint) {
                return taint.key == kToBeDeletedTaint;
              });
}

bool ProxyHealth::IsHealthy(const Instant& now) const {
  return !pending_.has_value() || now.steady - pending_->steady < kLateAfter;
}

http::Response ProxyHealth::Healthz(const Instant& now) const {
  const bool good = IsHealthy(now) && eligible_;
  return http::Json(good ? kOk : kUnavailable, Body(now, good, eligible_));
}

http::Response ProxyHealth::Livez(const Instant& now) const {
  const bool good = IsHealthy(now);
  return http::Json(good ? kOk : kUnavailable, Body(now, good, std::nullopt));
}

// lastUpdated is now where all is good, as it was when kube-proxy synced every 30 seconds.
std::string ProxyHealth::Body(const Instant& now, bool good, std::optional<bool> eligible) const {
  const std::string updated = updated_.has_value() ? ToText(updated_->wall) : kNever;
  const bool healthy = IsHealthy(now);
  const std::string family =
      fmt::format(R"({{"lastUpdated":"{}","healthy":{}}})", updated, healthy);
  return fmt::format(
      R"({{"lastUpdated":"{}","currentTime":"{}",{}"healthy":{},"status":{{"IPv4":{},"IPv6":{}}}}})",
      good ? ToText(now.wall) : updated, ToText(now.wall),
      eligible.has_value() ? fmt::format(R"("nodeEligible":{},)", *eligible) : "", healthy, family,
      family);
}

http::Response AnswerHealthCheck(const kube::ObjectName& service, size_t local_ready,
                                 bool proxy_is_healthy) {
  const int code = local_ready != 0 && proxy_is_healthy ? kOk : kUnavailable;
  http::Response response =
      http::Json(code, fmt::format("{{\n"
                                   "\t\"service\": {{\n"
                                   "\t\t\"namespace\": {},\n"
                                   "\t\t\"name\": {}\n"
                                   "\t}},\n"
                                   "\t\"localEndpoints\": {},\n"
                                   "\t\"serviceProxyHealthy\": {}\n"
                                   "}}",
                                   Quoted(service.name_space), Quoted(service.name), local_ready,
                                   proxy_is_healthy));
  response.headers.emplace_back("X-Load-Balancing-Endpoint-Weight", std::to_string(local_ready));
  return response;
}

}  // namespace fairlead
