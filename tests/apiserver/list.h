// SPDX-License-Identifier: Apache-2.0
//
// Lists: whole or in pages, of now or of a version that the window still holds.
#ifndef FAIRLEAD_TESTS_APISERVER_LIST_H_
#define FAIRLEAD_TESTS_APISERVER_LIST_H_

#include <memory>
#include <variant>

#include "tests/apiserver/collection.h"

namespace fairlead::apiserver {

using BodyOrStatus = std::variant<std::unique_ptr<Body>, ApiStatus>;

// limit, continue, resourceVersion, resourceVersionMatch.
BodyOrStatus MakeList(const Store& store, const Collection& collection, const Target& target,
                      bool pretty);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_LIST_H_
