// SPDX-License-Identifier: Apache-2.0
//
// JSON as Go writes it: members in the order they came in, <, > and & escaped,
// and indented by two spaces for who asks by hand (curl). The server keeps its
// objects as such text, so that fifty thousand of them fit into memory.
#ifndef FAIRLEAD_TESTS_APISERVER_JSON_TEXT_H_
#define FAIRLEAD_TESTS_APISERVER_JSON_TEXT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fairlead::apiserver {

using Json = nlohmann::ordered_json;

absl::StatusOr<Json> ParseJson(std::string_view text);
std::string CompactText(const Json& json);
// `compact` as json.MarshalIndent would have written it `depth` levels deep; the first line is not
// indented, as behind a key.
std::string Indented(std::string_view compact, int depth = 0);
// A string with its quotes.
std::string Quoted(std::string_view text);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_JSON_TEXT_H_
