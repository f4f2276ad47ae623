// SPDX-License-Identifier: Apache-2.0
//
// One client's connection, from its first byte to its last.
#ifndef FAIRLEAD_TESTS_APISERVER_SESSION_H_
#define FAIRLEAD_TESTS_APISERVER_SESSION_H_

#include <memory>
#include <string>

#include "tests/apiserver/channel.h"
#include "tests/apiserver/connection.h"

namespace fairlead::apiserver {

// What goes wrong with new connections.
enum class ConnectionFault {
  kNone,
  kClose,    // closed as soon as the client has said something
  kGarbage,  // an answer that is neither TLS nor HTTP
  kStall,    // nothing is ever said
};

class Session {
 public:
  // `tls` null: plain. Handler and context outlive it.
  Session(UniqueFd fd, const TlsContext* tls, const Handler& handler, ConnectionFault fault)
      : channel_(std::move(fd), tls), handler_(handler), fault_(fault) {}

  int fd() const { return channel_.fd(); }
  bool wants_write() const { return channel_.wants_write(); }

  void SendAway() {
    if (connection_ != nullptr) connection_->SendAway();
  }

  // Reads what has come and writes what can go. False: it is over.
  bool Turn();

 private:
  bool TurnFaulty();
  bool ReadAll();
  bool WriteAll();

  Channel channel_;
  const Handler& handler_;
  ConnectionFault fault_;
  std::unique_ptr<Connection> connection_;  // null until the handshake is through
  std::string out_;
};

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_SESSION_H_
