// SPDX-License-Identifier: Apache-2.0
//
// A list of one kind while it comes in, aside from the store: half a list must
// neither add, nor change, nor remove anything. Objects that the store holds
// already are only remembered by name.
#ifndef FAIRLEAD_LOADER_API_LISTING_H_
#define FAIRLEAD_LOADER_API_LISTING_H_

#include <optional>

#include "absl/container/btree_map.h"
#include "loader/kube/any_object.h"
#include "loader/kube/object_store.h"

namespace fairlead::api {

class Listing {
 public:
  Listing(kube::Kind kind, kube::ObjectStore& store) : kind_(kind), store_(store) {}

  void Put(const kube::AnyObject& object);
  void Erase(const kube::ObjectName& name) { objects_.erase(name); }
  // The object is there, but cannot be read: its last good version stays.
  void Keep(const kube::ObjectName& name) { objects_.try_emplace(name); }
  // An object has no readable name: it may be any of those that seem to be gone.
  void KeepAll() { keeps_all_ = true; }

  bool Has(const kube::ObjectName& name) const { return objects_.contains(name); }
  bool keeps_all() const { return keeps_all_; }

  // The list is complete: the store has its objects from now on, and no others of the kind.
  void Commit();

 private:
  const kube::Kind kind_;
  kube::ObjectStore& store_;
  // nullopt: what the store has.
  absl::btree_map<kube::ObjectName, std::optional<kube::AnyObject>> objects_;
  bool keeps_all_ = false;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_LISTING_H_
