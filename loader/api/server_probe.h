// SPDX-License-Identifier: Apache-2.0
//
// Notices a server that is there for the kernel only: a stopped process, a load
// balancer that has lost its backend, a NAT that has forgotten the connection.
// TCP keepalive does not see those, and a watch may rightly be silent for long.
//
// While answers are under way and nothing has been heard for a while, it asks for
// /version; on HTTP/2 that is a stream of the very connection. Whatever is answered
// is a sign of life. Without an answer all requests are ended: their owners ask
// again, on a new connection. (Go's clients use PING for that; libcurl's multi
// interface sends none.)
#ifndef FAIRLEAD_LOADER_API_SERVER_PROBE_H_
#define FAIRLEAD_LOADER_API_SERVER_PROBE_H_

#include <memory>

#include "loader/api/clock.h"
#include "loader/api/http_transport.h"
#include "loader/api/transport.h"

namespace fairlead::api {

class ServerProbe final : public Receiver {
 public:
  // Belongs to the transport; asks after a silence of `after`, waits for `limit`.
  ServerProbe(HttpTransport& transport, Clock& clock, std::chrono::milliseconds after,
              std::chrono::milliseconds limit);

  void Begin(const ResponseHead& /*head*/) override {}
  void Receive(std::string_view /*bytes*/) override {}
  void End(const absl::Status& status) override;

 private:
  void LookIn(std::chrono::nanoseconds delay);
  void Look();

  HttpTransport& transport_;
  Clock& clock_;
  const std::chrono::milliseconds after_;
  const std::chrono::milliseconds limit_;
  std::unique_ptr<Alarm> next_;
  std::unique_ptr<Exchange> question_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_SERVER_PROBE_H_
