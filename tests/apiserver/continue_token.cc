// SPDX-License-Identifier: Apache-2.0
//
// See continue_token.h.
#include "tests/apiserver/continue_token.h"

#include <fmt/format.h>

#include "tests/apiserver/json_text.h"

namespace fairlead::apiserver {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Without padding: base64.RawURLEncoding.
std::string Base64(std::string_view bytes) {
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    for (count += 8; count >= 6; count -= 6) text += kLetters[bits >> (count - 6) & 63];
  }
  if (count > 0) text += kLetters[bits << (6 - count) & 63];
  return text;
}

absl::StatusOr<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t value = kLetters.find(text[i]);
    // One letter alone at the end is six bits, less than a byte.
    const bool lonely = i + 1 == text.size() && text.size() % 4 == 1;
    if (value == std::string_view::npos || lonely) {
      return absl::InvalidArgumentError(fmt::format("illegal base64 data at input byte {}", i));
    }
    bits = bits << 6 | static_cast<uint32_t>(value);
    if ((count += 6) >= 8) bytes += static_cast<char>(bits >> (count -= 8));
  }
  return bytes;
}

}  // namespace

std::string Encode(const ContinueToken& token) {
  // A list of one version begins with a slash, one of what is there now does not.
  const std::string start = (token.version ? "/" : "") + token.last_key + std::string(1, '\0');
  return Base64(fmt::format(R"({{"v":"meta.k8s.io/v1","rv":{},"start":{}}})",
                            token.version ? std::to_string(*token.version) : "-1", Quoted(start)));
}

absl::StatusOr<ContinueToken> DecodeContinue(std::string_view text) {
  const auto refuse = [](const std::string& why) {
    return absl::InvalidArgumentError(fmt::format("continue key is not valid: {}", why));
  };
  const auto decoded = FromBase64(text);
  if (!decoded.ok()) return refuse(std::string(decoded.status().message()));
  const auto json = ParseJson(*decoded);
  if (!json.ok() || !json->is_object()) return refuse("invalid character");
  if (json->value("v", "") != "meta.k8s.io/v1") {
    return absl::InvalidArgumentError(
        "continue key is not valid: server does not recognize this "
        "encoded version \"" +
        json->value("v", "") + "\"");
  }
  const int64_t version = json->value("rv", int64_t{0});
  std::string start = json->value("start", "");
  if (version == 0 || start.empty()) return refuse("incorrect encoded start resourceVersion");
  ContinueToken token;
  if (version > 0) token.version = static_cast<Version>(version);
  if (start.starts_with('/')) start.erase(0, 1);
  if (start.ends_with('\0')) start.pop_back();
  token.last_key = start;
  return token;
}

}  // namespace fairlead::apiserver
