// SPDX-License-Identifier: Apache-2.0
//
// One JSON value, wherever it lives: in a tree that YAML has been read into
// (nlohmann), or on the tape of JsonParser (simdjson). Parsers of objects read
// this, and so are the same for manifests and for the API server.
#ifndef FAIRLEAD_LOADER_KUBE_JSON_VALUE_H_
#define FAIRLEAD_LOADER_KUBE_JSON_VALUE_H_

#include <simdjson.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

namespace fairlead::kube {

// A reference: the tree or the parser must outlive it.
class JsonValue {
 public:
  enum class Type : uint8_t {
    kNull,  // and absent
    kBool,
    kInteger,  // fits into 64 bits with a sign
    kNumber,   // every other
    kText,
    kList,
    kMapping
  };

  JsonValue() = default;
  JsonValue(const nlohmann::json& value) : tree_(&value) {}  // NOLINT(google-explicit-constructor)
  explicit JsonValue(simdjson::dom::element value) : is_parsed_(true), parsed_(value) {}

  Type type() const { return is_parsed_ ? TypeOf(parsed_.type()) : TypeInTree(); }
  const char* type_name() const;  // as people say it: "mapping"
  bool is_null() const { return type() == Type::kNull; }

  // The value must be of the type.
  bool boolean() const;
  int64_t integer() const;
  std::string_view text() const;

  // A mapping's member; null if it has none.
  JsonValue Member(std::string_view name) const;
  // The same of any value; null if this is no mapping.
  JsonValue Find(std::string_view name) const {
    return type() == Type::kMapping ? Member(name) : JsonValue();
  }
  // The text of such a member; "" if it is no text.
  std::string_view TextOf(std::string_view name) const;

  // The items of a list.
  size_t size() const;
  // visit(JsonValue) for each item of a list.
  template <typename Visit>
  void ForEachItem(Visit visit) const {
    if (is_parsed_) {
      const simdjson::dom::array items = parsed_.get_array().value_unsafe();
      for (const simdjson::dom::element item : items) visit(JsonValue(item));
    } else {
      for (const nlohmann::json& item : *tree_) visit(JsonValue(item));
    }
  }

  // visit(std::string_view key, JsonValue) for each member of a mapping.
  template <typename Visit>
  void ForEachMember(Visit visit) const {
    if (is_parsed_) {
      const simdjson::dom::object members = parsed_.get_object().value_unsafe();
      for (const auto& [key, value] : members) visit(key, JsonValue(value));
    } else {
      for (auto it = tree_->begin(); it != tree_->end(); ++it) {
        visit(std::string_view(it.key()), JsonValue(it.value()));
      }
    }
  }

 private:
  static Type TypeOf(simdjson::dom::element_type type) {
    switch (type) {
      case simdjson::dom::element_type::ARRAY:
        return Type::kList;
      case simdjson::dom::element_type::OBJECT:
        return Type::kMapping;
      case simdjson::dom::element_type::INT64:
        return Type::kInteger;
      case simdjson::dom::element_type::UINT64:  // only where INT64 is too small
      case simdjson::dom::element_type::DOUBLE:
        return Type::kNumber;
      case simdjson::dom::element_type::STRING:
        return Type::kText;
      case simdjson::dom::element_type::BOOL:
        return Type::kBool;
      case simdjson::dom::element_type::NULL_VALUE:
        break;
    }
    return Type::kNull;
  }
  Type TypeInTree() const;

  bool is_parsed_ = false;
  const nlohmann::json* tree_ = nullptr;
  simdjson::dom::element parsed_;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_JSON_VALUE_H_
