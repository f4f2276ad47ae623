// SPDX-License-Identifier: Apache-2.0
//
// SharedText: an immutable text of which equal ones are in memory once. Fifty
// thousand Pods name five thousand Nodes, and the labels of a Deployment's Pods
// are the same but for a few: a pointer each, where a string has 32 bytes and
// often an allocation besides.
//
//   endpoint.node_name ──┐
//   pod.node_name ───────┼──▶ [uses 3 │ length │ node-00017]
//                        │             ▲
//                        └─ 8 bytes    └─ found by its text in a table
//
// Price: making one is a hash, a lookup under a lock, and, the first time, an
// allocation. A copy is an increment, equality a comparison of pointers. What
// nobody has any more is freed when it is a fifth of all, not at once.
// Thread-safe, as a std::string is.
#ifndef FAIRLEAD_LOADER_KUBE_SHARED_TEXT_H_
#define FAIRLEAD_LOADER_KUBE_SHARED_TEXT_H_

#include <compare>
#include <concepts>
#include <cstddef>
#include <ostream>
#include <string_view>
#include <type_traits>
#include <utility>

namespace fairlead::kube {

class SharedText {
 public:
  SharedText() = default;  // ""
  template <typename T>
    requires std::is_convertible_v<const T&, std::string_view> && (!std::same_as<T, SharedText>)
  // NOLINTNEXTLINE(google-explicit-constructor): a text is a text
  SharedText(const T& text) : entry_(Find(text)) {}
  SharedText(const SharedText& other) : entry_(other.entry_) { Use(); }
  SharedText(SharedText&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  SharedText& operator=(SharedText other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~SharedText() { Leave(); }

  std::string_view view() const;
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator std::string_view() const { return view(); }
  bool empty() const { return entry_ == nullptr; }

  friend bool operator==(const SharedText& a, const SharedText& b) { return a.entry_ == b.entry_; }
  template <typename T>
    requires std::is_convertible_v<const T&, std::string_view> && (!std::same_as<T, SharedText>)
  friend bool operator==(const SharedText& a, const T& b) {
    return a.view() == std::string_view(b);
  }
  friend std::strong_ordering operator<=>(const SharedText& a, const SharedText& b) {
    return a.view() <=> b.view();
  }
  friend std::ostream& operator<<(std::ostream& os, const SharedText& text) {
    return os << text.view();
  }
  template <typename H>
  friend H AbslHashValue(H h, const SharedText& text) {
    return H::combine(std::move(h), text.view());
  }

  // How many different ones are in memory; some of them may have no user any more.
  static size_t CountAll();

 private:
  struct Entry;
  class Table;
  static Table& TableOf(size_t length);
  static Entry* Find(std::string_view text);
  void Use() const;
  void Leave() const;

  Entry* entry_ = nullptr;  // none: ""
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_SHARED_TEXT_H_
