// SPDX-License-Identifier: Apache-2.0
//
// All objects of one kind, by name. It reads like a map from names to objects,
// but has no names of its own: an object knows its name, and with a second one
// as key, an entry for each of fifty thousand Pods would take six times as much.
#ifndef FAIRLEAD_LOADER_KUBE_OBJECT_MAP_H_
#define FAIRLEAD_LOADER_KUBE_OBJECT_MAP_H_

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/container/btree_set.h"
#include "loader/kube/object_meta.h"

namespace fairlead::kube {

template <typename T>
class ObjectMap {
 public:
  using Pointer = std::shared_ptr<const T>;  // never null

  struct Entry {
    const ObjectName& first;  // the object's
    const Pointer& second;
  };

 private:
  struct Place {
    mutable Pointer object;  // another of the same name takes its place
  };
  struct ByName {
    using is_transparent = void;
    static const ObjectName& NameOf(const ObjectName& name) { return name; }
    static const ObjectName& NameOf(const Place& place) { return place.object->meta.name; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return NameOf(a) < NameOf(b);
    }
  };
  using Places = absl::btree_set<Place, ByName>;

 public:
  class const_iterator {
    struct Arrow {
      Entry entry;
      const Entry* operator->() const { return &entry; }
    };

   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = Arrow;
    using reference = Entry;

    const_iterator() = default;
    Entry operator*() const { return {at_->object->meta.name, at_->object}; }
    Arrow operator->() const { return {**this}; }
    const_iterator& operator++() {
      ++at_;
      return *this;
    }
    const_iterator operator++(int) {
      const const_iterator before = *this;
      ++at_;
      return before;
    }
    friend bool operator==(const const_iterator& a, const const_iterator& b) {
      return a.at_ == b.at_;
    }

   private:
    friend class ObjectMap;
    explicit const_iterator(typename Places::const_iterator at) : at_(at) {}
    typename Places::const_iterator at_;
  };
  using iterator = const_iterator;
  using value_type = Entry;
  using const_reference = Entry;
  using size_type = size_t;

  const_iterator begin() const { return const_iterator(places_.begin()); }
  const_iterator end() const { return const_iterator(places_.end()); }
  size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }
  const_iterator find(const ObjectName& name) const { return const_iterator(places_.find(name)); }
  bool contains(const ObjectName& name) const { return places_.contains(name); }

  // Where the object of that name is, and whether it is this one because there was none.
  std::pair<const_iterator, bool> Insert(Pointer object) {
    const auto [place, added] = places_.insert(Place{std::move(object)});
    return {const_iterator(place), added};
  }
  // `object` has the name of the one that is there.
  void Replace(const_iterator there, Pointer object) { there.at_->object = std::move(object); }
  // Adds or replaces.
  void Put(Pointer object) {
    const auto [there, added] = Insert(object);
    if (!added) Replace(there, std::move(object));
  }
  const_iterator Erase(const_iterator there) { return const_iterator(places_.erase(there.at_)); }
  // False if it was not there.
  bool Erase(const ObjectName& name) { return places_.erase(name) != 0; }

 private:
  Places places_;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_OBJECT_MAP_H_
