// SPDX-License-Identifier: Apache-2.0
//
// YAML goes through yaml-cpp's event interface, not its document tree: events
// need no second copy, carry line numbers, and let us count what aliases cost.
// yaml-cpp itself refuses more than 500 levels.
#include "loader/kube/yaml_documents.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "loader/kube/yaml_scalar.h"

namespace fairlead::kube {

using nlohmann::json;

namespace {

constexpr char kTooDeep[] = "more than {} nested levels";
constexpr char kTooMany[] = "more than {} values in one file";

// What a value costs to copy.
struct Weight {
  size_t bytes = 0;
  int depth = 0;  // levels of lists and mappings below and including it
};

// Builds one JSON value per document from the parser's events. A callback must
// not throw through the parser, so after a failure events are only swallowed.
class DocumentBuilder : public YAML::EventHandler {
 public:
  explicit DocumentBuilder(const VisitDocument& visit) : visit_(visit) {}

  const std::optional<SyntaxError>& failure() const { return failure_; }
  int document() const { return document_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    ++document_;
    line_ = mark.line + 1;
    root_ = nullptr;
    anchors_.clear();
    frames_.clear();
  }
  void OnDocumentEnd() override {
    if (!failure_) visit_({document_, line_, std::move(root_)});
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(mark, anchor, nullptr, {sizeof(json), 0});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (failure_) return;
    const bool is_key = !frames_.empty() && frames_.back().wants_key;
    const Weight weight{sizeof(json) + value.size(), 0};
    Add(mark, anchor, is_key ? json(value) : TypedScalar(tag, value), weight);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failure_) return;
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) return Fail(mark, "an alias refers to the value it is part of");
    const Weight weight = target->second.second;
    if (!SpendOnAliases(mark, weight.bytes)) return;
    if (static_cast<int>(frames_.size()) + weight.depth > kMaxDocumentDepth) {
      return Fail(mark, fmt::format(kTooDeep, kMaxDocumentDepth));
    }
    Add(mark, YAML::NullAnchor, target->second.first, weight);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, anchor, json::array());
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, anchor, json::object());
  }
  void OnMapEnd() override { Close(); }

 private:
  // A list or mapping that is still open.
  struct Frame {
    json value;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    bool wants_key = false;
    std::string key;
    Weight weight;
  };

  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, json empty) {
    if (failure_) return;
    if (!frames_.empty() && frames_.back().wants_key) return Fail(mark, "a key must be a scalar");
    if (static_cast<int>(frames_.size()) >= kMaxDocumentDepth) {
      return Fail(mark, fmt::format(kTooDeep, kMaxDocumentDepth));
    }
    if (frames_.empty()) line_ = mark.line + 1;
    const bool is_map = empty.is_object();
    frames_.push_back({std::move(empty), mark, anchor, is_map, "", {sizeof(json), 1}});
  }

  void Close() {
    if (failure_) return;
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.value.is_object()) Merge(frame);
    if (!failure_) Add(frame.mark, frame.anchor, std::move(frame.value), frame.weight);
  }

  // `<<: *other`: members of the other mapping that this one does not have.
  void Merge(Frame& frame) {
    const auto found = frame.value.find("<<");
    if (found == frame.value.end()) return;
    const json merged = std::move(*found);
    frame.value.erase(found);
    for (const json& source : merged.is_array() ? merged : json::array({merged})) {
      if (!source.is_object()) return Fail(frame.mark, "the value of << must be a mapping");
      for (auto it = source.begin(); it != source.end(); ++it) {
        if (!frame.value.contains(it.key())) frame.value[it.key()] = it.value();
      }
    }
  }

  // A finished value takes its place in what surrounds it.
  void Add(const YAML::Mark& mark, YAML::anchor_t anchor, json value, Weight weight) {
    if (failure_) return;
    if (++values_ > kMaxDocumentValues) {
      return Fail(mark, fmt::format(kTooMany, kMaxDocumentValues));
    }
    if (anchor != YAML::NullAnchor) {
      if (!SpendOnAliases(mark, weight.bytes)) return;
      anchors_[anchor] = {value, weight};
    }
    if (frames_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = frames_.back();
    frame.weight.bytes += weight.bytes;
    frame.weight.depth = std::max(frame.weight.depth, weight.depth + 1);
    if (frame.value.is_array()) {
      frame.value.push_back(std::move(value));
    } else if (frame.wants_key) {
      if (!value.is_string()) return Fail(mark, "a key must be a string");
      frame.key = value.get<std::string>();
      frame.wants_key = false;
      if (frame.value.contains(frame.key)) {
        Fail(mark, fmt::format("the key \"{}\" is there twice", frame.key));
      }
    } else {
      frame.value[frame.key] = std::move(value);
      frame.wants_key = true;
    }
  }

  bool SpendOnAliases(const YAML::Mark& mark, size_t bytes) {
    alias_bytes_ += bytes;
    if (alias_bytes_ <= kMaxAliasBytes) return true;
    Fail(mark, fmt::format("anchors and aliases expand to more than {} MiB", kMaxAliasBytes >> 20));
    return false;
  }

  void Fail(const YAML::Mark& mark, std::string reason) {
    if (failure_) return;
    failure_ = SyntaxError{document_, mark.line + 1, std::move(reason)};
    frames_.clear();
    anchors_.clear();
  }

  const VisitDocument& visit_;
  std::optional<SyntaxError> failure_;
  int document_ = 0;
  int line_ = 1;
  json root_;
  std::vector<Frame> frames_;
  absl::flat_hash_map<YAML::anchor_t, std::pair<json, Weight>> anchors_;
  size_t values_ = 0;
  size_t alias_bytes_ = 0;
};

int LineOfByte(const std::string& text, size_t byte) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

// nlohmann's parser does not recurse, but copying and destroying a tree does;
// and it has no limits. So the brackets are counted first.
std::optional<SyntaxError> CheckJsonSize(const std::string& text) {
  int depth = 0;
  size_t values = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    quoted = c == '"';
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c == ',' || c == '{' || c == '[') ++values;
    if (depth > kMaxDocumentDepth) {
      return SyntaxError{1, LineOfByte(text, i), fmt::format(kTooDeep, kMaxDocumentDepth)};
    }
    if (values > kMaxDocumentValues) {
      return SyntaxError{1, LineOfByte(text, i), fmt::format(kTooMany, kMaxDocumentValues)};
    }
  }
  return std::nullopt;
}

// "[json.exception.parse_error.101] parse error at line 3, column 5: reason" → "reason"
std::string JsonReason(const std::string& what) {
  const size_t column = what.find("column ");
  const size_t colon = column == std::string::npos ? column : what.find(": ", column);
  return colon == std::string::npos ? what : what.substr(colon + 2);
}

}  // namespace

std::optional<SyntaxError> ReadYamlDocuments(const std::string& text, const VisitDocument& visit) {
  DocumentBuilder builder(visit);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (!builder.failure() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    if (!builder.failure()) {
      return SyntaxError{std::max(builder.document(), 1), std::max(e.mark.line, 0) + 1, e.msg};
    }
  } catch (const std::exception& e) {
    return SyntaxError{std::max(builder.document(), 1), 1, e.what()};
  }
  return builder.failure();
}

std::optional<SyntaxError> ReadJsonDocument(const std::string& text, const VisitDocument& visit) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return std::nullopt;
  if (auto refused = CheckJsonSize(text)) return refused;
  Document document;
  document.line = LineOfByte(text, text.find_first_not_of(" \t\r\n"));
  try {
    document.value = json::parse(text);
  } catch (const json::parse_error& e) {
    return SyntaxError{1, LineOfByte(text, e.byte == 0 ? 0 : e.byte - 1), JsonReason(e.what())};
  } catch (const std::exception& e) {
    return SyntaxError{1, 1, JsonReason(e.what())};
  }
  visit(std::move(document));
  return std::nullopt;
}

}  // namespace fairlead::kube
