// SPDX-License-Identifier: Apache-2.0
//
// One request on its way through libcurl: what is asked of curl, and what of
// curl's callbacks makes a head and a body. It knows neither the other requests
// nor what happens after a failure.
#ifndef FAIRLEAD_LOADER_API_TRANSFER_H_
#define FAIRLEAD_LOADER_API_TRANSFER_H_

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "loader/api/access.h"
#include "loader/api/credentials.h"
#include "loader/api/transport.h"

namespace fairlead::api {

// What all requests have in common.
struct TransferSettings {
  std::string user_agent;
  std::string ca;  // PEM; empty: the system's
  bool insecure_skip_tls_verify = false;
  std::string proxy;  // empty: none
  std::chrono::milliseconds connect_limit{0};
};

// Hears what curl receives, from within curl.
class TransferListener {
 public:
  virtual ~TransferListener() = default;
  // All are asked: false ends the transfer.
  virtual bool Began(const ResponseHead& head) = 0;
  virtual bool Received(std::string_view bytes) = 0;
};

class Transfer {
 public:
  // All must outlive it. InvalidArgument when the server's URL or the target is none.
  static absl::StatusOr<std::unique_ptr<Transfer>> Make(const Request& request,
                                                        const ServerAddress& server,
                                                        const TransferSettings& settings,
                                                        Credentials credentials,
                                                        TransferListener& listener);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return easy_.get(); }
  // A connection was there for it: the server may know of it.
  bool sent() const { return sent_; }
  bool begun() const { return begun_; }
  const std::string& server() const { return head_.server; }
  uint64_t credentials() const { return credentials_.generation; }
  std::string_view error() const { return error_.data(); }

 private:
  struct EasyCleanup {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ListCleanup {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, ListCleanup>;

  Transfer(Credentials credentials, TransferListener& listener)
      : listener_(listener), credentials_(std::move(credentials)) {}
  static size_t TakeHeader(const char* bytes, size_t size, size_t count, void* self);
  static size_t TakeBody(const char* bytes, size_t size, size_t count, void* self);
  static int BeforeSending(void* self, char* /*to*/, char* /*from*/, int /*port*/, int /*port*/);
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static void Append(List& list, const std::string& text);

  void SetRequest(const Request& request);
  void SetTls(const TransferSettings& settings);
  void SetConnection(const TransferSettings& settings);
  void ReadHeader(std::string_view line);

  TransferListener& listener_;
  Credentials credentials_;
  ResponseHead head_;
  size_t header_bytes_ = 0;
  bool sent_ = false;
  bool begun_ = false;
  List headers_;
  List connect_to_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::unique_ptr<CURL, EasyCleanup> easy_;  // refers to the above
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_TRANSFER_H_
