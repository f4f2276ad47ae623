// SPDX-License-Identifier: Apache-2.0
//
// The API server without its connections: requests in, answers out.
#ifndef FAIRLEAD_TESTS_APISERVER_API_H_
#define FAIRLEAD_TESTS_APISERVER_API_H_

#include <set>
#include <string>

#include "tests/apiserver/access.h"
#include "tests/apiserver/api_status.h"
#include "tests/apiserver/faults.h"
#include "tests/apiserver/http_message.h"
#include "tests/apiserver/store.h"
#include "tests/apiserver/watch.h"
#include "tests/apiserver/write.h"

namespace fairlead::apiserver {

struct ApiOptions {
  size_t window = 100'000;  // changes per kind that watches and continued lists can go back
  WatchOptions watch = {};
  std::set<std::string> not_served = {};  // plural names of kinds that are 404, as on older servers
};

class Api {
 public:
  explicit Api(const ApiOptions& options) : options_(options), store_(options.window) {}

  // The answer must not outlive the Api.
  Answer Ask(const Request& request);

  Store& store() { return store_; }
  Access& access() { return access_; }
  Faults& faults() { return faults_; }
  ApiOptions& options() { return options_; }

 private:
  struct Route {
    Place place;
    std::string verb;  // as in RBAC
    bool is_watch() const { return verb == "watch"; }
  };
  // Nothing if the path is not one of an object.
  std::optional<Route> FindRoute(const Request& request, const Target& target) const;
  Answer AskResource(const Request& request, const Target& target, const Route& route,
                     const std::string& user);
  Answer Read(const Target& target, const Route& route, bool pretty);
  Answer Write(const Request& request, const Route& route, bool pretty);

  ApiOptions options_;
  Store store_;
  Access access_;
  Faults faults_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_API_H_
