// SPDX-License-Identifier: Apache-2.0
//
// Which objects a list or a watch is about: a kind, perhaps a namespace, and
// selectors.
#ifndef FAIRLEAD_TESTS_APISERVER_COLLECTION_H_
#define FAIRLEAD_TESTS_APISERVER_COLLECTION_H_

#include <optional>
#include <string>
#include <variant>

#include "tests/apiserver/api_status.h"
#include "tests/apiserver/http_message.h"
#include "tests/apiserver/selector.h"
#include "tests/apiserver/store.h"

namespace fairlead::apiserver {

struct Collection {
  const Resource* resource = nullptr;
  std::string space;  // "": all namespaces
  Selector labels;
  Selector fields;

  bool Contains(const Object& object) const;
  bool selects() const { return !labels.empty() || !fields.empty(); }
};

using CollectionOrStatus = std::variant<Collection, ApiStatus>;
CollectionOrStatus MakeCollection(const Resource& resource, const std::string& space,
                                  const Target& target);

// A resourceVersion= of a query; nullopt if it is none.
std::optional<Version> ParseVersion(const std::string& text);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_COLLECTION_H_
