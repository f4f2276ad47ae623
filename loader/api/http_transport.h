// SPDX-License-Identifier: Apache-2.0
//
// The real Transport: libcurl in the event loop. One HTTP/2 connection carries
// all requests where the server speaks that, HTTP/1.1 has one for each.
//
//   Send ──▶ queued ──credentials──▶ running ──▶ Begin, Receive… ──▶ End
//                        ▲             │ not reached
//                        └──next server┘
//
// Servers are tried in turn, beginning with the one that answered last. One that
// is not reached, is somebody else, cuts off before an answer or answers 502 to
// 504 loses its turn. A request that was sent is not sent again: its owner knows
// whether it may be.
#ifndef FAIRLEAD_LOADER_API_HTTP_TRANSPORT_H_
#define FAIRLEAD_LOADER_API_HTTP_TRANSPORT_H_

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "loader/api/access.h"
#include "loader/api/clock.h"
#include "loader/api/credentials.h"
#include "loader/api/curl_sockets.h"
#include "loader/api/proxy_choice.h"
#include "loader/api/rotating_file.h"
#include "loader/api/transport.h"

namespace fairlead::api {

class ServerProbe;

struct HttpSettings {
  std::string user_agent = "fairleadd";
  // Until TCP and TLS stand, for each server.
  std::chrono::milliseconds connect_limit{10'000};
  // A connection on which nothing has come for so long is tried, and given up (server_probe.h).
  std::chrono::milliseconds probe_after{30'000};
  std::chrono::milliseconds probe_limit{15'000};
  ProxyEnvironment proxies = ProxyEnvironment::OfProcess();
};

// Must outlive its exchanges.
class HttpTransport final : public Transport {
 public:
  // Reads the files that `access` names, so that a missing one is said at once. The clock must
  // outlive the transport.
  static absl::StatusOr<std::unique_ptr<HttpTransport>> Create(Access access, Clock& clock,
                                                               HttpSettings settings);
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;
  ~HttpTransport() override;

  [[nodiscard]] std::unique_ptr<Exchange> Send(Request request, Receiver& receiver) override;

  // Servers that are tried after those of the Access, instead of the ones given before.
  void SetFallbacks(std::vector<ServerAddress> fallbacks);
  // All requests under way end with Unavailable, all connections are closed: nobody is at their
  // other end. Not from within Begin() or Receive().
  void Disconnect(const std::string& why);

  // The one whose turn it is.
  const ServerAddress& current_server() const { return current_; }
  // Part of an answer has come, and the rest is waited for.
  bool IsListening() const;
  // When a byte came last.
  Clock::Time last_heard() const { return last_heard_; }

  // Readable when ReadReady() has something to do. For poll and epoll only.
  int fd() const { return epoll_.get(); }
  // Never blocks.
  void ReadReady();

 private:
  class Handle;
  class Entry;
  using Entries = std::list<std::unique_ptr<Entry>>;

  HttpTransport(Access access, Clock& clock, HttpSettings settings);
  absl::Status Open();

  void WakeSoon();
  void StartQueued();
  void Start(Entry& entry);
  absl::Status MakeTransfer(Entry& entry, const Credentials& credentials);
  void Progressed();
  void Finish(Entry& entry, CURLcode code);
  void Failed(Entry& entry, CURLcode code);
  void MoveOn(Entry& entry, const absl::Status& failure);
  void DeliverEnds();
  void Cancel(Entry& entry);
  void CheckQuiet(Entry& entry);
  void Heard(Entry& entry, const ResponseHead& head);
  void LoseTurn(const std::string& url);
  const ServerAddress* NextServer(const Entry& entry) const;

  Access access_;
  Clock& clock_;
  HttpSettings settings_;
  UniqueFd epoll_;
  RotatingFile ca_;
  std::unique_ptr<CredentialSource> credentials_;
  std::vector<ServerAddress> servers_;  // those of access_, then the fallbacks
  ServerAddress current_;
  std::string answered_last_;
  Clock::Time last_heard_;
  std::unique_ptr<Alarm> wake_;
  Entries entries_;
  std::unique_ptr<CurlSockets> curl_;
  std::unique_ptr<ServerProbe> probe_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_HTTP_TRANSPORT_H_
