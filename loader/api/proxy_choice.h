// SPDX-License-Identifier: Apache-2.0
//
// Which proxy leads to a server, by the environment, as Go's programs choose
// (golang.org/x/net/http/httpproxy): so kubectl and fairleadd take the same way.
#ifndef FAIRLEAD_LOADER_API_PROXY_CHOICE_H_
#define FAIRLEAD_LOADER_API_PROXY_CHOICE_H_

#include <string>

#include "loader/api/server_url.h"

namespace fairlead::api {

struct ProxyEnvironment {
  std::string https_proxy = {};
  std::string http_proxy = {};
  std::string no_proxy =
      {};  // a list of names, .suffixes, addresses, blocks, each maybe with a port; *

  // HTTPS_PROXY before https_proxy, and so on.
  static ProxyEnvironment OfProcess();
};

// "" for none: also for localhost and loopback addresses.
std::string ChooseProxy(const ServerUrl& server, const ProxyEnvironment& environment);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_PROXY_CHOICE_H_
