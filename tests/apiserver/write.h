// SPDX-License-Identifier: Apache-2.0
//
// What kubectl and daemons may change: create, replace, patch and delete, with
// optimistic locking. Objects are stored as they come: nothing is defaulted but
// names, times and versions.
#ifndef FAIRLEAD_TESTS_APISERVER_WRITE_H_
#define FAIRLEAD_TESTS_APISERVER_WRITE_H_

#include <string>
#include <variant>

#include "tests/apiserver/api_status.h"
#include "tests/apiserver/http_message.h"
#include "tests/apiserver/store.h"

namespace fairlead::apiserver {

// The object that a request names.
struct Place {
  const Resource* resource = nullptr;
  std::string space;    // of a namespaced kind
  std::string name;     // "" to create
  bool status = false;  // the subresource

  std::string Key() const;
};

struct Written {
  int code = 200;
  std::string text = {};  // the object with its kind, or a Status
};
using WrittenOrStatus = std::variant<Written, ApiStatus>;

WrittenOrStatus Create(Store& store, const Place& place, const Request& request);
WrittenOrStatus Replace(Store& store, const Place& place, const Request& request);
WrittenOrStatus Patch(Store& store, const Place& place, const Request& request);
WrittenOrStatus Delete(Store& store, const Place& place);

// A random UUID; the time as metadata has it.
std::string MakeUid();
std::string TimestampNow();

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_WRITE_H_
