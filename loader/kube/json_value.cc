// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/json_value.h"

namespace fairlead::kube {
namespace {

using Type = JsonValue::Type;

Type TreeType(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::object:
      return Type::kMapping;
    case nlohmann::json::value_t::array:
      return Type::kList;
    case nlohmann::json::value_t::string:
      return Type::kText;
    case nlohmann::json::value_t::boolean:
      return Type::kBool;
    case nlohmann::json::value_t::number_integer:
      return Type::kInteger;
    case nlohmann::json::value_t::number_unsigned:
      return value.get<uint64_t>() <= INT64_MAX ? Type::kInteger : Type::kNumber;
    case nlohmann::json::value_t::number_float:
      return Type::kNumber;
    default:
      return Type::kNull;
  }
}

}  // namespace

JsonValue::Type JsonValue::TypeInTree() const {
  return tree_ == nullptr ? Type::kNull : TreeType(*tree_);
}

const char* JsonValue::type_name() const {
  switch (type()) {
    case Type::kNull:
      return "null";
    case Type::kBool:
      return "boolean";
    case Type::kInteger:
    case Type::kNumber:
      return "number";
    case Type::kText:
      return "string";
    case Type::kList:
      return "list";
    case Type::kMapping:
      return "mapping";
  }
  return "?";
}

bool JsonValue::boolean() const {
  return is_parsed_ ? parsed_.get_bool().value_unsafe() : tree_->get<bool>();
}

int64_t JsonValue::integer() const {
  return is_parsed_ ? parsed_.get_int64().value_unsafe() : tree_->get<int64_t>();
}

std::string_view JsonValue::text() const {
  if (is_parsed_) return parsed_.get_string().value_unsafe();
  return tree_->get_ref<const std::string&>();
}

size_t JsonValue::size() const {
  return is_parsed_ ? parsed_.get_array().value_unsafe().size() : tree_->size();
}

JsonValue JsonValue::Member(std::string_view name) const {
  if (is_parsed_) {
    const auto found = parsed_.at_key(name);
    return found.error() == simdjson::SUCCESS ? JsonValue(found.value_unsafe()) : JsonValue();
  }
  const auto found = tree_->find(name);
  return found == tree_->end() ? JsonValue() : JsonValue(*found);
}

std::string_view JsonValue::TextOf(std::string_view name) const {
  const JsonValue value = Find(name);
  return value.type() == Type::kText ? value.text() : std::string_view();
}

}  // namespace fairlead::kube
