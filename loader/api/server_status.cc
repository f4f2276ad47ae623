// SPDX-License-Identifier: Apache-2.0
#include "loader/api/server_status.h"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::api {
namespace {

using kube::JsonValue;

constexpr size_t kMostShown = 500;
constexpr int64_t kMostSeconds = 3600;

// One line that does no harm to a terminal.
std::string Shown(std::string_view text) {
  std::string line(text.substr(0, kMostShown));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return line;
}

bool SaysTooLarge(JsonValue details) {
  bool says = false;
  const JsonValue causes = details.Find("causes");
  if (causes.type() != JsonValue::Type::kList) return false;
  causes.ForEachItem(
      [&](JsonValue cause) { says |= cause.TextOf("reason") == "ResourceVersionTooLarge"; });
  return says;
}

int64_t IntegerOf(JsonValue value) {
  return value.type() == JsonValue::Type::kInteger ? value.integer() : 0;
}

}  // namespace

std::string ServerStatus::ToString() const {
  std::string text = std::to_string(code);
  if (!reason.empty()) text += " " + reason;
  if (!message.empty()) text += ": " + message;
  return text;
}

ServerStatus ReadServerStatus(JsonValue object) {
  ServerStatus status;
  const int64_t code = IntegerOf(object.Find("code"));
  status.code = static_cast<int>(std::clamp<int64_t>(code, 0, 999));
  status.reason = Shown(object.TextOf("reason"));
  status.message = Shown(object.TextOf("message"));
  const JsonValue details = object.Find("details");
  // Servers before 1.20 give no cause.
  status.version_too_large = SaysTooLarge(details) ||
                             status.message.find("Too large resource version") != std::string::npos;
  status.retry_after = std::chrono::seconds(
      std::clamp<int64_t>(IntegerOf(details.Find("retryAfterSeconds")), 0, kMostSeconds));
  return status;
}

ServerStatus ReadServerStatus(int code, std::string body, kube::JsonParser& parser) {
  const size_t size = body.size();
  body.resize(size + kube::kJsonPadding);
  const auto value = parser.Parse(std::string_view(body).substr(0, size));
  ServerStatus status;
  if (value.ok() && value->TextOf("kind") == "Status") {
    status = ReadServerStatus(*value);
  } else {
    status.message = Shown(std::string_view(body).substr(0, size));
  }
  status.code = code;
  return status;
}

}  // namespace fairlead::api
