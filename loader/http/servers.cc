// SPDX-License-Identifier: Apache-2.0
#include "loader/http/servers.h"

#include <microhttpd.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <iterator>

#include "base/errno_status.h"
#include "base/status_macros.h"

namespace fairlead::http {
namespace {

// Between the moment a connection is shut down and the one libmicrohttpd closes
// it, its place is taken twice.
constexpr unsigned kSpareConnections = 64;
constexpr int kRunsInARow = 32;

int64_t Milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

MHD_Result Send(MHD_Connection* connection, Response response) {
  MHD_Response* answer = MHD_create_response_from_buffer(response.body.size(), response.body.data(),
                                                         MHD_RESPMEM_MUST_COPY);
  if (answer == nullptr) return MHD_NO;
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(answer, name.c_str(), value.c_str());
  }
  const MHD_Result sent =
      MHD_queue_response(connection, static_cast<unsigned>(response.code), answer);
  MHD_destroy_response(answer);
  return sent;
}

Response OnlyReading() {
  Response response = Text("405 method not allowed\n");
  response.code = MHD_HTTP_METHOD_NOT_ALLOWED;
  response.headers.emplace_back("Allow", "GET, HEAD");
  return response;
}

}  // namespace

Response Text(std::string body) {
  return {200,
          std::move(body),
          {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}}};
}

Response NotFound() {
  Response response = Text("404 page not found\n");
  response.code = 404;
  return response;
}

Response Json(int code, std::string body) {
  return {code,
          std::move(body),
          {{"Content-Type", "application/json"}, {"X-Content-Type-Options", "nosniff"}}};
}

// What libmicrohttpd calls, with C's types.
struct Callbacks {
  static MHD_Result Answer(void* context, MHD_Connection* connection, const char* url,
                           const char* method, const char* /*version*/, const char* /*body*/,
                           size_t* body_size, void** request) {
    const std::string_view verb = method;
    if (verb != MHD_HTTP_METHOD_GET && verb != MHD_HTTP_METHOD_HEAD) {
      return Send(connection, OnlyReading());
    }
    // An answer before the request has been read to its end costs the connection.
    if (*request == nullptr) {
      *request = connection;
      return MHD_YES;
    }
    if (*body_size != 0) {
      *body_size = 0;  // read and forgotten
      return MHD_YES;
    }
    return Send(connection, static_cast<Server*>(context)->handler_({url}));
  }

  static void Completed(void* context, MHD_Connection* connection, void** /*request*/,
                        MHD_RequestTerminationCode reason) {
    if (reason != MHD_REQUEST_TERMINATED_COMPLETED_OK) return;
    const MHD_ConnectionInfo* info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info == nullptr || info->socket_context == nullptr) return;
    static_cast<Server*>(context)->owner_.Answered(
        *static_cast<Servers::Connection*>(info->socket_context));
  }

  static void Connected(void* context, MHD_Connection* connection, void** socket_context,
                        MHD_ConnectionNotificationCode what) {
    Servers& owner = static_cast<Server*>(context)->owner_;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
      if (*socket_context != nullptr) {
        owner.Closed(*static_cast<Servers::Connection*>(*socket_context));
      }
      *socket_context = nullptr;
      return;
    }
    const MHD_ConnectionInfo* info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *socket_context = owner.Began(info->connect_fd);
  }
};

Server::~Server() {
  if (daemon_ == nullptr) return;
  const int fd = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  owner_.servers_.erase(fd);
  epoll_ctl(owner_.epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  MHD_stop_daemon(daemon_);
}

absl::StatusOr<std::unique_ptr<Servers>> Servers::Create() {
  auto servers = std::unique_ptr<Servers>(new Servers());
  servers->epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  servers->timer_ = UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!servers->epoll_.ok() || !servers->timer_.ok()) {
    return ErrnoStatus(errno, "create an epoll instance and a timer");
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = servers->timer_.get();
  if (epoll_ctl(servers->epoll_.get(), EPOLL_CTL_ADD, servers->timer_.get(), &event) != 0) {
    return ErrnoStatus(errno, "watch a timer");
  }
  return servers;
}

absl::StatusOr<std::unique_ptr<Server>> Servers::Serve(const Endpoint& where, Families families,
                                                       Handler handler) {
  FL_ASSIGN_OR_RETURN(UniqueFd listening, Listen(where, families));
  auto server = std::unique_ptr<Server>(new Server(*this, std::move(handler)));
  // It closes the socket when stopped, and only then.
  server->daemon_ = MHD_start_daemon(
      MHD_USE_EPOLL, 0, nullptr, nullptr, &Callbacks::Answer, server.get(),
      MHD_OPTION_LISTEN_SOCKET, listening.get(), MHD_OPTION_CONNECTION_LIMIT,
      static_cast<unsigned>(kMostConnections) + kSpareConnections,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, static_cast<size_t>(kRequestBytes),
      MHD_OPTION_CONNECTION_TIMEOUT, 2U * kSecondsPerRequest, MHD_OPTION_NOTIFY_COMPLETED,
      &Callbacks::Completed, server.get(), MHD_OPTION_NOTIFY_CONNECTION, &Callbacks::Connected,
      server.get(), MHD_OPTION_END);
  if (server->daemon_ == nullptr) return ErrnoStatus(errno, "serve HTTP on " + where.ToString());
  listening.release();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = MHD_get_daemon_info(server->daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  servers_[event.data.fd] = server.get();
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, event.data.fd, &event) != 0) {
    return ErrnoStatus(errno, "watch an HTTP server");
  }
  return server;
}

void Servers::ReadReady() {
  std::array<epoll_event, 32> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == timer_.get()) {
      uint64_t ticks = 0;
      if (read(timer_.get(), &ticks, sizeof(ticks)) > 0) RunAll();
    } else if (const auto server = servers_.find(events[i].data.fd); server != servers_.end()) {
      Run(*server->second);
    }
  }
  KeepTimer();
}

// It says that it wants to be called again at once while it has read something
// that it has not looked at: the kernel tells it only about what is new. What is
// left after a few rounds waits until others have had their turn.
void Servers::Run(Server& server) {
  for (int i = 0; i < kRunsInARow; ++i) {
    MHD_run(server.daemon_);
    MHD_UNSIGNED_LONG_LONG wait = 0;
    if (MHD_get_timeout(server.daemon_, &wait) != MHD_YES || wait != 0) return;
  }
  has_more_ = true;
}

void Servers::RunAll() {
  EndLate();
  for (const auto& [fd, server] : servers_) Run(*server);
}

void Servers::End(Connection& connection) {
  shutdown(connection.fd, SHUT_RDWR);
  connection.ended = true;
  ++ended_;
}

void Servers::EndLate() {
  const int64_t now = Milliseconds();
  for (Connection& connection : connections_) {
    if (connection.deadline > now) break;
    if (!connection.ended) End(connection);
  }
}

Servers::Connection* Servers::Began(int fd) {
  if (connections_.size() - ended_ >= size_t{kMostConnections}) {
    End(*std::ranges::find(connections_, false, &Connection::ended));
  }
  connections_.push_back({fd, Milliseconds() + 1000 * kSecondsPerRequest, false, {}});
  connections_.back().self = std::prev(connections_.end());
  return &connections_.back();
}

void Servers::Answered(Connection& connection) {
  connection.deadline = Milliseconds() + 1000 * kSecondsPerRequest;
  connections_.splice(connections_.end(), connections_, connection.self);
}

void Servers::Closed(Connection& connection) {
  if (connection.ended) --ended_;
  connections_.erase(connection.self);
}

void Servers::KeepTimer() {
  const bool wanted = !connections_.empty();
  if (wanted == ticking_ && !has_more_) return;
  constexpr timespec kSecond = {1, 0};
  constexpr timespec kSoon = {0, 1'000'000};
  itimerspec period{};
  if (wanted) period = {.it_interval = kSecond, .it_value = has_more_ ? kSoon : kSecond};
  timerfd_settime(timer_.get(), 0, &period, nullptr);
  ticking_ = wanted;
  has_more_ = false;
}

}  // namespace fairlead::http
