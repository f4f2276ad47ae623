// SPDX-License-Identifier: Apache-2.0
//
// See json_text.h.
#include "tests/apiserver/json_text.h"

namespace fairlead::apiserver {
namespace {

constexpr size_t kSpaces = 2;

// Go's encoder makes JSON safe to stand in HTML. These characters occur in strings only.
std::string Escaped(std::string text) {
  if (text.find_first_of("<>&") == std::string::npos) return text;
  std::string escaped;
  for (const char c : text) {
    if (c == '<') {
      escaped += "\\u003c";
    } else if (c == '>') {
      escaped += "\\u003e";
    } else if (c == '&') {
      escaped += "\\u0026";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

void NewLine(std::string& out, int depth) {
  out += '\n';
  out.append(kSpaces * static_cast<size_t>(depth), ' ');
}

// The string that begins at `text[at]`, with its quotes.
std::string_view StringAt(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return text.substr(at, end + 1 - at);
}

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

std::string CompactText(const Json& json) {
  return Escaped(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string Quoted(std::string_view text) { return CompactText(Json(text)); }

std::string Indented(std::string_view compact, int depth) {
  std::string out;
  out.reserve(compact.size() * 2);
  for (size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (c == '"') {
      const std::string_view string = StringAt(compact, i);
      out += string;
      i += string.size() - 1;
    } else if (c == '{' || c == '[') {
      out += c;
      if (i + 1 < compact.size() && (compact[i + 1] == '}' || compact[i + 1] == ']')) {
        out += compact[++i];
      } else {
        NewLine(out, ++depth);
      }
    } else if (c == '}' || c == ']') {
      NewLine(out, --depth);
      out += c;
    } else if (c == ',') {
      out += c;
      NewLine(out, depth);
    } else if (c == ':') {
      out += ": ";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace fairlead::apiserver
