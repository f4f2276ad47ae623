// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/text_map.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

namespace fairlead::kube {
namespace {

struct Lengths {
  uint32_t key = 0;
  uint32_t value = 0;
};

Lengths LengthsAt(const char* entry) {
  Lengths lengths;
  std::memcpy(&lengths, entry, sizeof(lengths));
  return lengths;
}

}  // namespace

TextMap::value_type TextMap::const_iterator::operator*() const {
  const Lengths lengths = LengthsAt(at_);
  const char* const key = at_ + sizeof(lengths);
  return {{key, lengths.key}, {key + lengths.key, lengths.value}};
}

TextMap::const_iterator& TextMap::const_iterator::operator++() {
  const Lengths lengths = LengthsAt(at_);
  at_ += sizeof(lengths) + lengths.key + lengths.value;
  return *this;
}

TextMap::TextMap(std::vector<value_type> entries) {
  const auto by_key = [](const value_type& a, const value_type& b) { return a.first < b.first; };
  const auto not_behind = [](const value_type& a, const value_type& b) {
    return a.first >= b.first;
  };
  // As an API server writes them.
  const bool is_done =
      std::adjacent_find(entries.begin(), entries.end(), not_behind) == entries.end();
  if (!is_done) {
    std::stable_sort(entries.begin(), entries.end(), by_key);
    const auto same_key = [](const value_type& a, const value_type& b) {
      return a.first == b.first;
    };
    entries.erase(std::unique(entries.begin(), entries.end(), same_key), entries.end());
  }
  size_t size = 0;
  for (const auto& [key, value] : entries) size += sizeof(Lengths) + key.size() + value.size();
  std::string bytes;
  bytes.reserve(size);
  for (const auto& [key, value] : entries) {
    const Lengths lengths{static_cast<uint32_t>(key.size()), static_cast<uint32_t>(value.size())};
    char raw[sizeof(lengths)];
    std::memcpy(raw, &lengths, sizeof(lengths));
    bytes.append(raw, sizeof(raw)).append(key).append(value);
  }
  bytes_ = bytes;
}

std::optional<std::string_view> TextMap::Find(std::string_view key) const {
  for (const auto& [name, value] : *this) {
    if (name == key) return value;
  }
  return std::nullopt;
}

void TextMap::Set(std::string_view key, std::string_view value) {
  std::vector<value_type> entries = {{key, value}};
  entries.insert(entries.end(), begin(), end());
  *this = TextMap(std::move(entries));
}

}  // namespace fairlead::kube
