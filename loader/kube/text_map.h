// SPDX-License-Identifier: Apache-2.0
//
// Labels and annotations: a map of texts in one piece of memory, which equal
// maps share. A cluster has hundreds of thousands of them, with a handful of
// entries each, and a tree of strings would take five times as much; most Pods
// have the labels of many others.
#ifndef FAIRLEAD_LOADER_KUBE_TEXT_MAP_H_
#define FAIRLEAD_LOADER_KUBE_TEXT_MAP_H_

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "loader/kube/shared_text.h"

namespace fairlead::kube {

class TextMap {
 public:
  using value_type = std::pair<std::string_view, std::string_view>;  // key, value

  // In the order of keys. What it points to lives as long as the map is not changed.
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = TextMap::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = value_type;

    value_type operator*() const;
    const_iterator& operator++();
    friend bool operator==(const const_iterator&, const const_iterator&) = default;

   private:
    friend class TextMap;
    explicit const_iterator(const char* at) : at_(at) {}
    const char* at_;
  };
  using iterator = const_iterator;
  using const_reference = value_type;
  using size_type = size_t;

  TextMap() = default;
  TextMap(std::initializer_list<value_type> entries) : TextMap(std::vector(entries)) {}
  // In any order; of equal keys the first counts.
  explicit TextMap(std::vector<value_type> entries);

  // nullopt if it is not there. Price: the number of entries.
  std::optional<std::string_view> Find(std::string_view key) const;
  // Adds or replaces. Price: a new map.
  void Set(std::string_view key, std::string_view value);

  const_iterator begin() const { return const_iterator(bytes_.view().data()); }
  const_iterator end() const { return const_iterator(bytes_.view().data() + bytes_.view().size()); }
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return static_cast<size_t>(std::distance(begin(), end())); }

  friend bool operator==(const TextMap&, const TextMap&) = default;

 private:
  SharedText bytes_;  // of each entry: both lengths, the key, the value
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_TEXT_MAP_H_
