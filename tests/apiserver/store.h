// SPDX-License-Identifier: Apache-2.0
//
// The objects of the test server, each with the resourceVersion of its last
// change, and the last changes of each kind: a window from which watches are
// served and in which lists can be continued. What has left it is 410 Gone.
#ifndef FAIRLEAD_TESTS_APISERVER_STORE_H_
#define FAIRLEAD_TESTS_APISERVER_STORE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/json_text.h"
#include "tests/apiserver/resource.h"
#include "tests/apiserver/selector.h"

namespace fairlead::apiserver {

using Version = uint64_t;

// Never changed once it is in the store.
struct Object {
  std::string key;  // "shop/web", "node1"
  Version version = 0;
  Labels labels;
  Labels fields;     // what field selectors may ask for
  std::string text;  // without kind and apiVersion, as in a list
};
using ObjectPtr = std::shared_ptr<const Object>;

struct Event {
  Version version = 0;
  ObjectPtr before;  // null: added
  ObjectPtr after;   // null: deleted
};

// "shop/web" of an object; "web" if its kind has no namespaces.
std::string KeyOf(const Resource& resource, const Json& object);
// The object as a watch shows it when it goes in `version`.
std::string TextInVersion(const Object& object, Version version);
// With kind and apiVersion, as everywhere but in a list.
std::string WithKind(const Resource& resource, std::string_view text);

class Store {
 public:
  using Objects = std::map<std::string, ObjectPtr>;  // by key
  // What happened last: after is null for a deletion.
  using Observer = std::function<void(const Resource&, const Event&)>;

  explicit Store(size_t window) : window_(window) {}

  // Adds or replaces. The object gets `version`, or the next one; kind and apiVersion are dropped.
  ObjectPtr Put(const Resource& resource, Json object, std::optional<Version> version = {});
  // Null if it was not there.
  ObjectPtr Erase(const Resource& resource, const std::string& key,
                  std::optional<Version> version = {});
  ObjectPtr Find(const Resource& resource, const std::string& key) const;
  const Objects& All(const Resource& resource) const;

  Version version() const { return version_; }
  // Watches and lists can begin here and later.
  Version oldest(const Resource& resource) const;
  const std::deque<Event>& events(const Resource& resource) const;
  // As it was in `version`, which must not be older than oldest().
  std::vector<ObjectPtr> AllIn(const Resource& resource, Version version,
                               const std::string& from_key) const;

  // Forgets all changes.
  void Compact();
  // Where a server stands that was restored: also back. Forgets all changes.
  void SetVersion(Version version);
  // Takes over the objects, not the changes, of `other`.
  void Restore(const Store& other);

  void Observe(Observer observer) { observer_ = std::move(observer); }

 private:
  struct Shelf {
    Objects objects;
    std::deque<Event> events;
    Version oldest = 0;
  };

  void Note(const Resource& resource, Shelf& shelf, Event event);

  size_t window_;
  std::map<const Resource*, Shelf> shelves_;
  Version version_ = 1;
  Version compacted_ = 0;
  Observer observer_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_STORE_H_
