// SPDX-License-Identifier: Apache-2.0
//
// An HTTP client that shows every byte of the answer.
#ifndef FAIRLEAD_TESTS_CONTRACT_HTTP_CLIENT_H_
#define FAIRLEAD_TESTS_CONTRACT_HTTP_CLIENT_H_

#include <string>

#include "base/ip.h"

namespace fairlead::testing {

struct HttpAnswer {
  int code = 0;  // 0: refused, or no HTTP
  std::string headers;
  std::string body;
};

// From inside a network namespace, on a connection of its own.
HttpAnswer HttpGet(const std::string& network_namespace, const Endpoint& server,
                   const std::string& path);

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_CONTRACT_HTTP_CLIENT_H_
