// SPDX-License-Identifier: Apache-2.0
//
// Reads the fields of one JSON object and remembers the first thing that is
// wrong with it, with the field's path: "spec.ports[0].port: must be 1-65535,
// is 70000". So a parser reads top to bottom without a branch per field.
//
//   absl::Status error;
//   const FieldReader root(json, error);
//   const FieldReader spec = root.Field("spec");
//   pod.node_name = spec.Field("nodeName").Text();
//   FL_RETURN_IF_ERROR(error);
//
// null counts as absent, unknown fields are never looked at. After a failure
// all readers of the object go on returning defaults, and lists seem to end.
#ifndef FAIRLEAD_LOADER_KUBE_FIELD_READER_H_
#define FAIRLEAD_LOADER_KUBE_FIELD_READER_H_

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "base/ip.h"
#include "loader/kube/json_value.h"

namespace fairlead::kube {

// Appends one step to a field path: ".name", or ["odd name"] where a dot would mislead.
void AppendPathKey(std::string& path, std::string_view key);

class FieldReader {
 public:
  // Both must outlive every reader of the object; `error` is written once, by the first failure.
  FieldReader(JsonValue root, absl::Status& error);

  // A child knows its parent (paths are only spelled out on failure), so the
  // parent must be a named object that outlives it.
  FieldReader Field(std::string_view name) const&;
  FieldReader Field(std::string_view name) const&& = delete;

  bool present() const { return type_ != JsonValue::Type::kNull; }
  bool is_text() const { return type_ == JsonValue::Type::kText; }
  std::string Text() const;          // absent: ""
  std::string_view View() const;     // the same, for as long as the value lives
  std::string RequiredText() const;  // absent or empty: a failure
  bool Bool(bool absent) const;
  // Absent: `absent`, which may lie outside of the range.
  int64_t Integer(int64_t least, int64_t most, int64_t absent) const;
  IpAddress Address() const;           // absent: 0.0.0.0
  Cidr Block() const;                  // absent: 0.0.0.0/0
  Protocol TransportProtocol() const;  // absent: TCP, as the API server defaults it

  template <typename T>
  T OneOf(std::initializer_list<std::pair<const char*, T>> choices, T absent) const {
    if (!present()) return absent;
    const std::string_view text = View();
    for (const auto& [name, value] : choices) {
      if (text == name) return value;
    }
    std::string names;
    for (const auto& [name, value] : choices) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    Fail(fmt::format("must be one of {}, is \"{}\"", names, text));
    return absent;
  }

  // Of a list; 0 of everything else.
  size_t size() const { return type_ == JsonValue::Type::kList ? value_.size() : 0; }

  // visit(const FieldReader& item) for each element of an array; absent: none.
  template <typename Visit>
  void ForEachItem(Visit visit) const {
    if (!IsA(JsonValue::Type::kList, "a list")) return;
    size_t index = 0;
    value_.ForEachItem([&](JsonValue item) {
      if (error_->ok()) visit(FieldReader(*this, {}, index++, item));
    });
  }

  // visit(std::string_view key, const FieldReader& value) for each member of an object.
  template <typename Visit>
  void ForEachMember(Visit visit) const {
    if (!IsA(JsonValue::Type::kMapping, "a mapping")) return;
    value_.ForEachMember([&](std::string_view key, JsonValue value) {
      visit(key, FieldReader(*this, key, 0, value));
    });
  }

  void Fail(std::string_view reason) const;

 private:
  FieldReader(const FieldReader& parent, std::string_view key, size_t index, JsonValue value);

  bool IsA(JsonValue::Type type, const char* what) const;
  std::string Path() const;

  const FieldReader* parent_ = nullptr;
  std::string_view key_;  // nullptr: an array element
  size_t index_ = 0;
  JsonValue value_;
  JsonValue::Type type_;
  absl::Status* error_;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_FIELD_READER_H_
