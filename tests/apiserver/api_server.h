// SPDX-License-Identifier: Apache-2.0
//
// The API server with its connections, on one thread: epoll, a tick for what
// depends on time, and commands from other threads.
//
//   clients ──▶ Session ──▶ HTTP/1.1 or /2 ──▶ Api ──▶ Store
//
// Its own faults are those of connections; those of answers are Api::faults().
#ifndef FAIRLEAD_TESTS_APISERVER_API_SERVER_H_
#define FAIRLEAD_TESTS_APISERVER_API_SERVER_H_

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "tests/apiserver/api.h"
#include "tests/apiserver/certificates.h"
#include "tests/apiserver/session.h"

namespace fairlead::apiserver {

struct ServerOptions {
  ApiOptions api = {};
  std::vector<Endpoint> listen = {};    // none: 127.0.0.1, any port
  std::vector<std::string> names = {};  // in its certificate, beside its addresses and localhost
  std::optional<Authority> authority = {};  // none: one is made
  bool tls = true;
  bool http2 = true;
  std::chrono::milliseconds tick{10};
  std::function<void()> on_tick = {};  // with every tick, before what is due is told
};

enum class ServedCertificate {
  kRight,
  kWrongName,       // from the right authority, for somebody else
  kWrongAuthority,  // for the right name
};

class ApiServer {
 public:
  static absl::StatusOr<std::unique_ptr<ApiServer>> Create(const ServerOptions& options);
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;
  ~ApiServer();

  // Serves until Stop().
  absl::Status Run();

  // From any thread: `what` is done on the server's thread, soon.
  void Post(std::function<void()> what);
  void Stop();

  // Everything from here on belongs to the server's thread, or to before Run().
  Api& api() { return api_; }
  const Authority& authority() const { return *options_.authority; }
  const std::vector<Endpoint>& addresses() const { return addresses_; }
  // Of the first address, or of another host name for it.
  std::string Url(const std::string& host = "") const;
  // One more place to be asked at, always plain: a UNIX socket that only its owner can use.
  absl::Status ServeUnix(const std::string& path, Handler handler);

  void CloseConnections();
  // As with --goaway-chance: clients are asked to make new connections, and keep their streams.
  void SendClientsAway();
  // Nobody listens any more at the addresses, and again.
  void StopListening();
  absl::Status ListenAgain();
  // Of connections from now on.
  void SetConnectionFault(ConnectionFault fault) { fault_ = fault; }
  absl::Status ServeCertificate(ServedCertificate which);
  // Connections wait; then they are served, the last one first.
  void HoldConnections() { holds_ = true; }
  void ReleaseConnections();
  // As after a restart: connections are closed, old changes forgotten.
  void Restart();
  // The same with an older state, from a backup: as it was, so that clients know versions that are
  // still to come; or with versions far beyond all that ever were, as etcd's manual asks for.
  enum class RestoredVersion { kAsItWas, kRaised };
  void Restore(const Store& state, RestoredVersion version);

  size_t connections() const { return sessions_.size(); }
  uint64_t accepted() const { return accepted_; }

 private:
  struct Door {
    UniqueFd fd;
    const Handler* handler = nullptr;
    bool tls = false;
  };

  explicit ApiServer(const ServerOptions& options);
  absl::Status Begin();
  absl::Status Listen(const Endpoint& where);
  void Accept(Door& door);
  void Admit(UniqueFd fd, const Door& door);
  void Turn(int fd);
  void TurnAll();
  void RunPosted();
  void SetInterest(Session& session, int operation);

  ServerOptions options_;
  Api api_;
  Handler api_handler_;
  std::list<Handler> more_handlers_;
  std::list<TlsContext> certificates_;  // sessions hold on to the one they began with
  const TlsContext* tls_ = nullptr;
  UniqueFd epoll_;
  UniqueFd wake_;
  std::vector<Endpoint> addresses_;
  std::map<int, Door> doors_;
  std::map<int, std::unique_ptr<Session>> sessions_;
  std::vector<std::pair<UniqueFd, int>> held_;  // and the door they came in by
  bool holds_ = false;
  ConnectionFault fault_ = ConnectionFault::kNone;
  uint64_t accepted_ = 0;
  std::mutex mutex_;  // of posted_
  std::vector<std::function<void()>> posted_;
  bool stopped_ = false;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_API_SERVER_H_
