// SPDX-License-Identifier: Apache-2.0
//
// libcurl's multi interface as one descriptor and one alarm:
//
//   event loop ──▶ fd(): an epoll that holds curl's sockets ──▶ curl
//   clock      ──▶ curl's own timeouts                      ──▶ curl ──▶ `progressed`
#ifndef FAIRLEAD_LOADER_API_CURL_SOCKETS_H_
#define FAIRLEAD_LOADER_API_CURL_SOCKETS_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "loader/api/clock.h"

namespace fairlead::api {

class CurlSockets {
 public:
  // `progressed` is called whenever curl has had its turn. The clock must outlive this.
  static absl::StatusOr<std::unique_ptr<CurlSockets>> Create(Clock& clock,
                                                             std::function<void()> progressed);
  CurlSockets(const CurlSockets&) = delete;
  CurlSockets& operator=(const CurlSockets&) = delete;

  int fd() const { return epoll_.get(); }
  void ReadReady();

  // Neither may be called while curl runs. The handle stays the caller's.
  absl::Status Add(CURL* request);
  void Remove(CURL* request);
  // A callback of curl is somewhere below us on the stack.
  bool running() const { return running_; }

  struct Done {
    CURL* request;
    CURLcode code;
  };
  std::optional<Done> TakeDone();

  // Closes all connections, when no request is added.
  absl::Status ForgetConnections();

 private:
  struct Cleanup {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };
  using Multi = std::unique_ptr<CURLM, Cleanup>;

  CurlSockets(Clock& clock, std::function<void()> progressed)
      : clock_(clock), progressed_(std::move(progressed)) {}
  static int WatchSocket(CURL* request, curl_socket_t socket, int what, void* self, void* known);
  static int SetTimeout(CURLM* multi, long milliseconds, void* self);  // NOLINT(google-runtime-int)
  void Run(curl_socket_t socket, int events);

  Clock& clock_;
  std::function<void()> progressed_;
  UniqueFd epoll_;
  std::unique_ptr<Alarm> timeout_;
  bool running_ = false;
  Multi multi_;  // calls back into the above while it is destroyed
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_CURL_SOCKETS_H_
