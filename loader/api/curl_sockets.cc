// SPDX-License-Identifier: Apache-2.0
#include "loader/api/curl_sockets.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>

#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead::api {
namespace {

absl::Status MultiStatus(CURLMcode code, const char* what) {
  if (code == CURLM_OK) return absl::OkStatus();
  return absl::InternalError(fmt::format("{}: libcurl: {}", what, curl_multi_strerror(code)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CurlSockets>> CurlSockets::Create(Clock& clock,
                                                                 std::function<void()> progressed) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  // OpenSSL writes without MSG_NOSIGNAL, and curl's own care for that costs system calls each turn.
  signal(SIGPIPE, SIG_IGN);
  if (initialised != CURLE_OK) {
    return absl::InternalError(
        fmt::format("initialise libcurl: {}", curl_easy_strerror(initialised)));
  }
  auto sockets = std::unique_ptr<CurlSockets>(new CurlSockets(clock, std::move(progressed)));
  sockets->epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!sockets->epoll_.ok()) return ErrnoStatus(errno, "create an epoll instance");
  FL_RETURN_IF_ERROR(sockets->ForgetConnections());
  return sockets;
}

absl::Status CurlSockets::ForgetConnections() {
  timeout_.reset();
  multi_.reset(curl_multi_init());
  if (multi_ == nullptr) return absl::InternalError("make a multi handle of libcurl");
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlSockets::WatchSocket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlSockets::SetTimeout);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  return MultiStatus(curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX),
                     "share connections");
}

absl::Status CurlSockets::Add(CURL* request) {
  return MultiStatus(curl_multi_add_handle(multi_.get(), request), "start a request");
}

void CurlSockets::Remove(CURL* request) { curl_multi_remove_handle(multi_.get(), request); }

std::optional<CurlSockets::Done> CurlSockets::TakeDone() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) return Done{message->easy_handle, message->data.result};
  }
  return std::nullopt;
}

void CurlSockets::ReadReady() {
  std::array<epoll_event, 16> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    int what = 0;
    if ((events[i].events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((events[i].events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
    // What runs may close a later socket of this batch; curl knows it no more then and says so.
    Run(events[i].data.fd, what);
  }
}

void CurlSockets::Run(curl_socket_t socket, int events) {
  int still_running = 0;
  running_ = true;
  curl_multi_socket_action(multi_.get(), socket, events, &still_running);
  running_ = false;
  progressed_();
}

int CurlSockets::WatchSocket(CURL* /*request*/, curl_socket_t socket, int what, void* self,
                             void* /*known*/) {
  const int epoll = static_cast<CurlSockets*>(self)->epoll_.get();
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nullptr);  // it may be closed already
    return 0;
  }
  epoll_event event{};
  event.data.fd = socket;
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) == 0) return 0;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

// curl asks for this from within its calls, so it is never run from here.
int CurlSockets::SetTimeout(CURLM* /*multi*/, long milliseconds, void* self) {
  auto& sockets = *static_cast<CurlSockets*>(self);
  sockets.timeout_.reset();
  if (milliseconds >= 0) {
    sockets.timeout_ = sockets.clock_.After(std::chrono::milliseconds(milliseconds),
                                            [&sockets] { sockets.Run(CURL_SOCKET_TIMEOUT, 0); });
  }
  return 0;
}

}  // namespace fairlead::api
