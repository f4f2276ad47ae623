// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/json_value.h"

namespace fairlead::kube {
namespace {

using Type = JsonValue::Type;

Type TypeOf(simdjson::dom::element value) {
  switch (value.type()) {
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

Type TypeOf(const nlohmann::json& value) {
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

JsonValue::Type JsonValue::type() const {
  if (is_parsed_) return TypeOf(parsed_);
  return tree_ == nullptr ? Type::kNull : TypeOf(*tree_);
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
