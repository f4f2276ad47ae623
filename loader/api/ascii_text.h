// SPDX-License-Identifier: Apache-2.0
//
// ASCII text as protocols treat it, for std::string_view: Debian's Abseil has a
// string_view of its own.
#ifndef FAIRLEAD_LOADER_API_ASCII_TEXT_H_
#define FAIRLEAD_LOADER_API_ASCII_TEXT_H_

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::api {

// Without white space at both ends.
inline std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

inline std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// Printable and no space: what cannot end a header field.
inline bool IsGraphic(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

// Digits and nothing else.
template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_ASCII_TEXT_H_
