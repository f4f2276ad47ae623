// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/json_parser.h"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::kube {
namespace {

// A parser that has read more gives its memory back: it takes 14 bytes for one of text.
constexpr size_t kMostBytesKept = size_t{1} << 20;

constexpr size_t kEscapeLength = 6;  // \uXXXX

bool IsNumberPart(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// Of the escape \uXXXX at `at`; 0 if there is none.
unsigned UnitAt(const std::string& text, size_t at) {
  if (at + kEscapeLength > text.size() || text[at] != '\\' || text[at + 1] != 'u') return 0;
  unsigned unit = 0;
  for (size_t i = at + 2; i < at + kEscapeLength; ++i) {
    const char c = text[i];
    const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!letter && (c < '0' || c > '9')) return 0;
    unit = unit * 16 + static_cast<unsigned>(letter ? (c | 0x20) - 'a' + 10 : c - '0');
  }
  return unit;
}

bool IsHigh(unsigned unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLow(unsigned unit) { return unit >= 0xdc00 && unit < 0xe000; }

// Returns where the escape at `at` ends.
size_t MendEscape(std::string& text, size_t at) {
  const unsigned unit = UnitAt(text, at);
  if (!IsHigh(unit) && !IsLow(unit)) return at + 2;
  if (IsHigh(unit) && IsLow(UnitAt(text, at + kEscapeLength))) return at + 2 * kEscapeLength;
  text.replace(at, kEscapeLength, "\\ufffd");
  return at + kEscapeLength;
}

// Returns where the number at `at` ends. Only the digits' count and an exponent make it unreadable;
// whether it is a number at all is still the parser's to say.
size_t MendNumber(std::string& text, size_t at) {
  constexpr std::string_view kLarge = "1e99";
  constexpr size_t kMostDigits = 18;  // fit into 64 bits
  const auto begin = text.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = std::find_if_not(begin, text.end(), IsNumberPart);
  const auto length = static_cast<size_t>(end - begin);
  const bool is_number = end[-1] >= '0' && end[-1] <= '9';
  const bool has_exponent = std::any_of(begin, end, [](char c) { return c == 'e' || c == 'E'; });
  if (is_number && (length > kMostDigits || (has_exponent && length >= kLarge.size()))) {
    std::fill(std::copy(kLarge.begin(), kLarge.end(), begin), end, ' ');
  }
  return at + length;
}

std::string Reason(simdjson::error_code error) {
  std::string reason = simdjson::error_message(error);
  while (!reason.empty() && (reason.back() == '.' || reason.back() == ' ')) reason.pop_back();
  return reason;
}

}  // namespace

void MendJson(std::string& text) {
  bool quoted = false;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') {
        at = MendEscape(text, at);
        continue;
      }
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (IsNumberPart(c) && c != 'e' && c != 'E') {  // which are also letters of words
      at = MendNumber(text, at);
      continue;
    }
    ++at;
  }
}

absl::StatusOr<JsonValue> JsonParser::Parse(std::string_view padded_text) {
  if (parser_.capacity() > kMostBytesKept && padded_text.size() <= kMostBytesKept)
    parser_ = simdjson::dom::parser();
  auto parsed = parser_.parse(padded_text.data(), padded_text.size(), /*realloc_if_needed=*/false);
  if (parsed.error() == simdjson::NUMBER_ERROR || parsed.error() == simdjson::STRING_ERROR) {
    parsed = ParseMended(padded_text);
  }
  if (parsed.error() == simdjson::SUCCESS) return JsonValue(parsed.value_unsafe());
  return absl::InvalidArgumentError(fmt::format("is not valid JSON: {}", Reason(parsed.error())));
}

simdjson::simdjson_result<simdjson::dom::element> JsonParser::ParseMended(std::string_view text) {
  std::string mended(text);
  MendJson(mended);
  mended.resize(text.size() + kJsonPadding);
  return parser_.parse(mended.data(), text.size(), /*realloc_if_needed=*/false);
}

}  // namespace fairlead::kube
