// SPDX-License-Identifier: Apache-2.0
//
// The parts of an API server's URL.
#ifndef FAIRLEAD_LOADER_API_SERVER_URL_H_
#define FAIRLEAD_LOADER_API_SERVER_URL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace fairlead::api {

struct ServerUrl {
  bool tls = true;
  std::string host;  // a name or an address, without brackets
  uint16_t port = 443;
  std::string path;  // "/clusters/a"; "" if there is none

  std::string authority() const;  // host:port, an IPv6 address in brackets
  std::string ToString() const;   // "https://10.0.0.1:6443/clusters/a"
  // The same place, where another name is asked for.
  ServerUrl WithHost(std::string name) const;
};

// http or https; without a scheme https. InvalidArgument for what is none, and for a URL with a
// user, a query or a fragment.
absl::StatusOr<ServerUrl> ParseServerUrl(const std::string& text);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_SERVER_URL_H_
