// SPDX-License-Identifier: Apache-2.0
//
// What libcurl's errors mean to somebody who talks to an API server.
#ifndef FAIRLEAD_LOADER_API_CURL_FAILURE_H_
#define FAIRLEAD_LOADER_API_CURL_FAILURE_H_

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace fairlead::api {

struct CurlFailure {
  absl::Status status;           // Unavailable or Unauthenticated, naming the server
  bool try_next_server = false;  // it was not reached, or is somebody else
  bool refuse_credentials = false;
};

// `details` is what curl says beyond the code; `answered`: a part of the answer had come.
CurlFailure Explain(CURLcode code, std::string_view details, const std::string& server,
                    bool answered);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_CURL_FAILURE_H_
