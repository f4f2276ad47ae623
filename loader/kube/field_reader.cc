// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/field_reader.h"

#include <algorithm>
#include <cctype>

#include "loader/kube/sloppy_address.h"

namespace fairlead::kube {

using nlohmann::json;

void AppendPathKey(std::string& path, std::string_view key) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (plain) {
    if (!path.empty()) path.push_back('.');
    path.append(key);
  } else {
    path.append("[\"").append(key).append("\"]");
  }
}

FieldReader::FieldReader(const json& root, absl::Status& error)
    : value_(root.is_null() ? nullptr : &root), error_(&error) {}

FieldReader::FieldReader(const FieldReader& parent, std::string_view key, size_t index,
                         const json* value)
    : parent_(&parent),
      key_(key),
      index_(index),
      value_(value == nullptr || value->is_null() ? nullptr : value),
      error_(parent.error_) {}

FieldReader FieldReader::Field(std::string_view name) const& {
  const json* value = nullptr;
  if (IsA(json::value_t::object, "a mapping")) {
    const auto found = value_->find(name);
    if (found != value_->end()) value = &*found;
  }
  return {*this, name, 0, value};
}

std::string FieldReader::Text() const {
  if (!present()) return "";
  if (value_->is_string()) return value_->get_ref<const std::string&>();
  FailType("a string");
  return "";
}

std::string FieldReader::RequiredText() const {
  std::string text = Text();
  if (text.empty()) Fail("is required");
  return text;
}

bool FieldReader::Bool(bool absent) const {
  if (!present()) return absent;
  if (value_->is_boolean()) return value_->get<bool>();
  FailType("true or false");
  return absent;
}

int64_t FieldReader::Integer(int64_t least, int64_t most, int64_t absent) const {
  if (!present()) return absent;
  const bool fits = value_->is_number_integer() &&
                    (!value_->is_number_unsigned() || value_->get<uint64_t>() <= INT64_MAX);
  if (!fits) {
    FailType("an integer");
    return absent;
  }
  const auto number = value_->get<int64_t>();
  if (number >= least && number <= most) return number;
  Fail(fmt::format("must be {}-{}, is {}", least, most, number));
  return absent;
}

IpAddress FieldReader::Address() const {
  if (!present()) return {};
  const auto address = ParseAddressSloppily(Text());
  if (address.ok()) return *address;
  Fail(std::string(address.status().message()));
  return {};
}

Cidr FieldReader::Block() const {
  if (!present()) return {};
  const auto block = ParseCidrSloppily(Text());
  if (block.ok()) return *block;
  Fail(std::string(block.status().message()));
  return {};
}

Protocol FieldReader::TransportProtocol() const {
  return OneOf<Protocol>(
      {{"TCP", Protocol::kTcp}, {"UDP", Protocol::kUdp}, {"SCTP", Protocol::kSctp}},
      Protocol::kTcp);
}

bool FieldReader::IsA(json::value_t type, const char* what) const {
  if (!present()) return false;
  if (value_->type() == type) return true;
  FailType(what);
  return false;
}

void FieldReader::FailType(const char* what) const {
  Fail(fmt::format(
      "must be {}, is a {}", what,
      value_->is_object() ? "mapping" : (value_->is_array() ? "list" : value_->type_name())));
}

void FieldReader::Fail(std::string_view reason) const {
  if (!error_->ok()) return;
  const std::string path = Path();
  *error_ = absl::InvalidArgumentError(path.empty() ? fmt::format("the object {}", reason)
                                                    : fmt::format("{}: {}", path, reason));
}

std::string FieldReader::Path() const {
  if (parent_ == nullptr) return "";
  std::string path = parent_->Path();
  if (key_.data() != nullptr) {
    AppendPathKey(path, key_);
  } else {
    path += fmt::format("[{}]", index_);
  }
  return path;
}

}  // namespace fairlead::kube
