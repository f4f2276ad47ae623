// SPDX-License-Identifier: Apache-2.0
//
// What clients ask to find out what is served: /version, /api, /apis and below.
#ifndef FAIRLEAD_TESTS_APISERVER_DISCOVERY_H_
#define FAIRLEAD_TESTS_APISERVER_DISCOVERY_H_

#include <optional>
#include <string>

#include "tests/apiserver/json_text.h"

namespace fairlead::apiserver {

// Nothing if `path` is not about discovery.
std::optional<Json> Discover(const std::string& path);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_DISCOVERY_H_
