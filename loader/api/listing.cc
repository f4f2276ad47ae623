// SPDX-License-Identifier: Apache-2.0
#include "loader/api/listing.h"

namespace fairlead::api {

void Listing::Put(const kube::AnyObject& object) {
  std::optional<kube::AnyObject>& entry = objects_[kube::NameOf(object)];
  if (store_.Holds(object)) {
    entry.reset();
  } else {
    entry = object;
  }
}

void Listing::Commit() {
  if (!keeps_all_) {
    for (const kube::ObjectName& name : store_.NamesOf(kind_)) {
      if (!objects_.contains(name)) store_.Erase({kind_, name});
    }
  }
  for (const auto& [name, object] : objects_) {
    if (object.has_value()) store_.Put(*object, "");
  }
  objects_.clear();
}

}  // namespace fairlead::api
