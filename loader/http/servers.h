// SPDX-License-Identifier: Apache-2.0
//
// HTTP servers on the daemon's one thread.
//
//   event loop ──▶ Servers: one epoll ──▶ a server per address (libmicrohttpd)
//                     └──▶ timer, while anybody is connected
//
// Nothing that a client does blocks the thread or lets the daemon grow: requests
// have 8 KiB for all their headers, bodies are not read, only GET and HEAD are
// answered, and a connection lives ten seconds from its last complete request.
// Connections of all servers share kMostConnections places; a newcomer takes the
// place of the one that has been waited for longest. So a crowd that connects and
// says nothing keeps nobody out who does.
#ifndef FAIRLEAD_LOADER_HTTP_SERVERS_H_
#define FAIRLEAD_LOADER_HTTP_SERVERS_H_

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "loader/http/listen.h"

struct MHD_Daemon;

namespace fairlead::http {

inline constexpr int kMostConnections = 256;
inline constexpr int kSecondsPerRequest = 10;
inline constexpr int kRequestBytes = 8192;

struct Request {
  std::string_view path;  // without the query
};

struct Response {
  int code = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// The answer to a GET; it is cut for a HEAD. Must not start or stop servers.
using Handler = std::function<Response(const Request&)>;

// As Go's http.NotFound answers.
Response NotFound();
// With nosniff, as everything that kube-proxy sends.
Response Text(std::string body);
Response Json(int code, std::string body);

class Servers;

// Serves until destroyed; the connections end with it. Must not outlive its Servers.
class Server {
 public:
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

 private:
  friend class Servers;
  friend struct Callbacks;
  Server(Servers& owner, Handler handler) : owner_(owner), handler_(std::move(handler)) {}

  Servers& owner_;
  Handler handler_;
  MHD_Daemon* daemon_ = nullptr;
};

class Servers {
 public:
  static absl::StatusOr<std::unique_ptr<Servers>> Create();
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;

  // Listens at `where` and answers who connects. An error names the address.
  absl::StatusOr<std::unique_ptr<Server>> Serve(const Endpoint& where, Families families,
                                                Handler handler);

  // Readable when ReadReady() has something to do. For poll and epoll only.
  int fd() const { return epoll_.get(); }
  // Never blocks.
  void ReadReady();

 private:
  friend class Server;
  friend struct Callbacks;
  struct Connection {
    int fd = -1;
    int64_t deadline = 0;  // in milliseconds of the monotonic clock
    bool ended = false;    // shut down; libmicrohttpd has not noticed yet
    std::list<Connection>::iterator self;
  };

  Servers() = default;
  void Run(Server& server);
  void RunAll();
  void EndLate();
  Connection* Began(int fd);
  void Answered(Connection& connection);
  void Closed(Connection& connection);
  void End(Connection& connection);
  void KeepTimer();

  UniqueFd epoll_;
  UniqueFd timer_;
  bool ticking_ = false;
  bool has_more_ = false;              // a server that wants to be run again at once
  std::map<int, Server*> servers_;     // by their epoll descriptor
  std::list<Connection> connections_;  // by deadline
  size_t ended_ = 0;                   // of them
};

}  // namespace fairlead::http

#endif  // FAIRLEAD_LOADER_HTTP_SERVERS_H_
