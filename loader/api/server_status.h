// SPDX-License-Identifier: Apache-2.0
//
// meta/v1 Status: how an API server says no, in the body of an answer or in an
// ERROR event.
#ifndef FAIRLEAD_LOADER_API_SERVER_STATUS_H_
#define FAIRLEAD_LOADER_API_SERVER_STATUS_H_

#include <chrono>
#include <string>

#include "loader/kube/json_parser.h"

namespace fairlead::api {

struct ServerStatus {
  int code = 0;
  std::string reason;  // "Expired"
  std::string message;
  bool version_too_large =
      false;  // the resourceVersion is of a future that this server has not seen
  std::chrono::seconds retry_after{0};

  // The resourceVersion, or the continue token, is of a past that the server has forgotten.
  bool expired() const { return code == 410 || reason == "Expired" || reason == "Gone"; }
  // "410 Expired: too old resource version: 5 (303)"
  std::string ToString() const;
};

ServerStatus ReadServerStatus(kube::JsonValue object);

// Of an answer with this HTTP code. Its body may come from something else than an API server.
ServerStatus ReadServerStatus(int code, std::string body, kube::JsonParser& parser);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_SERVER_STATUS_H_
