// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace fairlead::kube {

using nlohmann::json;

namespace {

constexpr char kStringTag[] = "tag:yaml.org,2002:str";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// [-+]? [0-9]+ | 0o [0-7]+ | 0x [0-9a-fA-F]+; null if it is none or too large for 64 bits.
json AsInteger(std::string_view text) {
  int base = 10;
  if (text.substr(0, 2) == "0o") base = 8;
  if (text.substr(0, 2) == "0x") base = 16;
  const bool negative = base == 10 && text[0] == '-';
  if (base != 10) {
    text.remove_prefix(2);
  } else if (text[0] == '-' || text[0] == '+') {
    text.remove_prefix(1);
  }
  if (text.empty() || text[0] == '-' || text[0] == '+') return nullptr;
  uint64_t number = 0;
  const char* end = &text.back() + 1;
  const auto [stop, error] = std::from_chars(&text.front(), end, number, base);
  if (error != std::errc() || stop != end) return nullptr;
  if (!negative) return number;
  constexpr uint64_t kMost = uint64_t{1} << 63;
  if (number > kMost) return nullptr;
  return static_cast<int64_t>(~number + 1);
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
json AsFloat(std::string_view text) {
  const bool only_number_characters = std::all_of(text.begin(), text.end(), [](char c) {
    return IsDigit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
  });
  if (!only_number_characters || std::none_of(text.begin(), text.end(), IsDigit)) return nullptr;
  if (text[0] == '+') text.remove_prefix(1);
  if (text.empty() || text[0] == '+' || text[0] == 'e' || text[0] == 'E') return nullptr;
  double number = 0;
  const char* end = &text.back() + 1;
  const auto [stop, error] = std::from_chars(&text.front(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return nullptr;
  return number;
}

}  // namespace

json TypedScalar(const std::string& tag, const std::string& text) {
  if (tag == "!" || tag == kStringTag) return text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return nullptr;
  }
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (json number = AsInteger(text); !number.is_null()) return number;
  if (json number = AsFloat(text); !number.is_null()) return number;
  return text;
}

}  // namespace fairlead::kube
