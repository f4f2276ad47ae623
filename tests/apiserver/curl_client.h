// SPDX-License-Identifier: Apache-2.0
//
// A client for tests of the server, on libcurl: what we think of HTTP must not be
// checked by our own idea of it.
#ifndef FAIRLEAD_TESTS_APISERVER_CURL_CLIENT_H_
#define FAIRLEAD_TESTS_APISERVER_CURL_CLIENT_H_

#include <curl/curl.h>

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "tests/apiserver/certificates.h"

namespace fairlead::apiserver {

struct Fetched {
  CURLcode result = CURL_LAST;  // CURL_LAST: still under way
  long code = 0;
  long http_version = 0;
  std::string body = {};
  std::string headers = {};
  long connects = 0;  // connections made for it
};

class CurlClient {
 public:
  struct Options {
    std::string url;             // "https://127.0.0.1:6443"
    std::string authority = {};  // PEM
    std::string token = {};
    KeyPair client = {};
    bool http2 = true;
    std::string unix_socket = {};  // instead of the address in the URL
  };

  explicit CurlClient(const Options& options);
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;
  ~CurlClient();

  // Begins a request; all of them share connections. The reference lives as long as the client.
  const Fetched& Begin(const std::string& target, const std::string& method = "GET",
                       const std::string& body = "", const std::string& content_type = "");
  // Goes on with all requests until `done`; false if it takes too long.
  bool Until(const std::function<bool()>& done);
  // A whole answer.
  Fetched Get(const std::string& target);
  Fetched Send(const std::string& method, const std::string& target, const std::string& body,
               const std::string& content_type = "application/json");

 private:
  struct Transfer {
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    std::string body;
    Fetched fetched;
  };

  Options options_;
  CURLM* multi_;
  std::list<Transfer> transfers_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_CURL_CLIENT_H_
