// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <fmt/format.h>

namespace fairlead {
namespace {

constexpr std::string_view kLeftOut = "…";

unsigned char At(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

// How many bytes the character at the beginning of `text` has; 0: it is none, or a control.
size_t LengthOfPrintable(std::string_view text) {
  const unsigned char first = At(text, 0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((At(text, i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = At(text, 1);
  const bool is_control = first == 0xc2 && second < 0xa0;  // U+0080 to U+009F
  const bool is_overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_surrogate = first == 0xed && second >= 0xa0;
  const bool is_too_large = first == 0xf4 && second >= 0x90;
  return is_control || is_overlong || is_surrogate || is_too_large ? 0 : length;
}

std::string Escaped(char c) {
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  return fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

std::string Printable(std::string_view text, size_t longest) {
  std::string result;
  size_t cut = 0;  // where there is still room for kLeftOut
  while (!text.empty()) {
    const size_t length = LengthOfPrintable(text);
    result += length == 0 ? Escaped(text[0]) : std::string(text.substr(0, length));
    if (result.size() > longest) {
      result.resize(cut);
      return result.append(kLeftOut);
    }
    if (result.size() + kLeftOut.size() <= longest) cut = result.size();
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

}  // namespace fairlead
