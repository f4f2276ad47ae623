// SPDX-License-Identifier: Apache-2.0
//
// The JSON text of one object → a value to read once: simdjson, and what it
// does not take though it is valid. One number too big for 64 bits, or one
// half of a surrogate pair, makes simdjson refuse the whole text; they become
// "a number" and U+FFFD, and only a field that fairlead reads cares.
#ifndef FAIRLEAD_LOADER_KUBE_JSON_PARSER_H_
#define FAIRLEAD_LOADER_KUBE_JSON_PARSER_H_

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "loader/kube/json_value.h"

namespace fairlead::kube {

// So many bytes behind a text must be readable; what they are does not matter.
inline constexpr size_t kJsonPadding = simdjson::SIMDJSON_PADDING;

class JsonParser {
 public:
  // The value lives until the next call. InvalidArgument: this is not JSON.
  absl::StatusOr<JsonValue> Parse(std::string_view padded_text);

 private:
  simdjson::simdjson_result<simdjson::dom::element> ParseMended(std::string_view text);

  simdjson::dom::parser parser_;  // keeps its memory from text to text
};

// Puts a number that every parser takes in the place of those that are too long, and U+FFFD in that
// of lone surrogates. No text becomes longer.
void MendJson(std::string& text);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_JSON_PARSER_H_
