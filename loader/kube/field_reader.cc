// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/field_reader.h"

#include <algorithm>
#include <cctype>

#include "loader/kube/sloppy_address.h"

namespace fairlead::kube {

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

FieldReader::FieldReader(JsonValue root, absl::Status& error)
    : value_(root), type_(root.type()), error_(&error) {}

FieldReader::FieldReader(const FieldReader& parent, std::string_view key, size_t index,
                         JsonValue value)
    : parent_(&parent),
      key_(key),
      index_(index),
      value_(value),
      type_(value.type()),
      error_(parent.error_) {}

FieldReader FieldReader::Field(std::string_view name) const& {
  return {*this, name, 0,
          IsA(JsonValue::Type::kMapping, "a mapping") ? value_.Member(name) : JsonValue()};
}

std::string FieldReader::Text() const { return std::string(View()); }

std::string_view FieldReader::View() const {
  return IsA(JsonValue::Type::kText, "a string") ? value_.text() : std::string_view("");
}

std::string FieldReader::RequiredText() const {
  std::string text = Text();
  if (text.empty()) Fail("is required");
  return text;
}

bool FieldReader::Bool(bool absent) const {
  return IsA(JsonValue::Type::kBool, "true or false") ? value_.boolean() : absent;
}

int64_t FieldReader::Integer(int64_t least, int64_t most, int64_t absent) const {
  if (!IsA(JsonValue::Type::kInteger, "an integer")) return absent;
  const int64_t number = value_.integer();
  if (number >= least && number <= most) return number;
  Fail(fmt::format("must be {}-{}, is {}", least, most, number));
  return absent;
}

IpAddress FieldReader::Address() const {
  if (!present()) return {};
  const auto address = ParseAddressSloppily(View());
  if (address.ok()) return *address;
  Fail(std::string(address.status().message()));
  return {};
}

Cidr FieldReader::Block() const {
  if (!present()) return {};
  const auto block = ParseCidrSloppily(View());
  if (block.ok()) return *block;
  Fail(std::string(block.status().message()));
  return {};
}

Protocol FieldReader::TransportProtocol() const {
  return OneOf<Protocol>(
      {{"TCP", Protocol::kTcp}, {"UDP", Protocol::kUdp}, {"SCTP", Protocol::kSctp}},
      Protocol::kTcp);
}

bool FieldReader::IsA(JsonValue::Type type, const char* what) const {
  if (type_ == type) return true;
  if (present()) Fail(fmt::format("must be {}, is a {}", what, value_.type_name()));
  return false;
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
