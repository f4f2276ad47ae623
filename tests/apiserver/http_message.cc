// SPDX-License-Identifier: Apache-2.0
//
// See http_message.h.
#include "tests/apiserver/http_message.h"

#include <array>
#include <ctime>

namespace fairlead::apiserver {
namespace {

class WholeText : public Body {
 public:
  explicit WholeText(std::string text) : text_(std::move(text)) {}

  State Read(std::string& out, size_t room) override {
    const size_t size = std::min(room, text_.size() - sent_);
    out.append(text_, sent_, size);
    sent_ += size;
    return sent_ == text_.size() ? State::kEnd : State::kMore;
  }

 private:
  std::string text_;
  size_t sent_ = 0;
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

absl::StatusOr<std::string> Decoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return absl::InvalidArgumentError("invalid URL escape");
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace

std::string Request::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string Target::Option(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

absl::StatusOr<Target> ParseTarget(std::string_view target) {
  const size_t mark = target.find('?');
  Target parsed;
  auto path = Decoded(target.substr(0, mark), false);
  if (!path.ok()) return path.status();
  parsed.path = *path;
  if (mark == std::string_view::npos) return parsed;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    const auto name = Decoded(pair.substr(0, equals), true);
    const auto value =
        equals == std::string_view::npos ? std::string() : Decoded(pair.substr(equals + 1), true);
    if (!name.ok()) return name.status();
    if (!value.ok()) return value.status();
    parsed.query[*name] = *value;
  }
  return parsed;
}

std::unique_ptr<Body> TextBody(std::string text) {
  return std::make_unique<WholeText>(std::move(text));
}

Answer TextAnswer(int code, const std::string& content_type, std::string text) {
  Answer answer{.code = code, .headers = {{"Content-Type", content_type}}};
  answer.length = text.size();
  answer.body = TextBody(std::move(text));
  return answer;
}

std::string_view ReasonPhrase(int code) {
  switch (code) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Request Entity Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 64> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text.data(), size};
}

}  // namespace fairlead::apiserver
