// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer: an answer of an API server, or of whoever says to be one, in
// pieces. Promise: no piece does harm, and the same objects come out however
// the answer is cut.
//
// The input: a byte for the kind, one for the size of pieces, the answer.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "loader/api/json_splitter.h"
#include "loader/api/server_status.h"
#include "loader/kube/any_object.h"
#include "loader/kube/json_parser.h"

namespace fairlead::api {
namespace {

using Layout = JsonSplitter::Layout;

struct Split {
  std::vector<std::string> objects;
  bool is_whole = false;
  std::string envelope;

  bool operator==(const Split&) const = default;
};

Split SplitBy(Layout layout, std::string_view text, size_t piece) {
  Split split;
  JsonSplitter splitter(layout);
  for (size_t at = 0; at < text.size(); at += piece) {
    const absl::Status status = splitter.Feed(text.substr(at, piece), [&](std::string_view object) {
      split.objects.emplace_back(object);
      return true;
    });
    if (!status.ok()) return split;
  }
  split.is_whole = splitter.Finish().ok();
  if (split.is_whole) split.envelope = splitter.envelope();
  return split;
}

void Parse(kube::Kind kind, std::string text, kube::JsonParser& parser) {
  ReadServerStatus(500, text, parser);
  const size_t size = text.size();
  text.resize(size + kube::kJsonPadding);
  const auto value = parser.Parse(std::string_view(text).substr(0, size));
  if (!value.ok()) return;
  for (const kube::JsonValue object : {*value, value->Find("object")}) {
    const auto parsed = kube::ParseObject(kind, object);
    if (parsed.ok() && kube::NameOf(*parsed).name.empty()) std::abort();
    if (parsed.ok() && !kube::SameObject(*parsed, *kube::ParseObject(kind, object))) std::abort();
  }
}

void TryAnswer(std::string_view input) {
  if (input.size() < 2) return;
  const auto kind =
      kube::kAllKinds[static_cast<unsigned char>(input[0]) % std::size(kube::kAllKinds)];
  const size_t piece = 1 + static_cast<unsigned char>(input[1]);
  const std::string_view text = input.substr(2);
  kube::JsonParser parser;
  for (const Layout layout : {Layout::kEvents, Layout::kList}) {
    const Split whole = SplitBy(layout, text, text.size() + 1);
    if (SplitBy(layout, text, piece) != whole) std::abort();
    for (const std::string& object : whole.objects) Parse(kind, object, parser);
    Parse(kind, whole.envelope, parser);
  }
}

}  // namespace
}  // namespace fairlead::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  // The standard's way to see bytes as text.
  fairlead::api::TryAnswer({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
