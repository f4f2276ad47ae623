// SPDX-License-Identifier: Apache-2.0
//
// What a version of HTTP makes of a connection's bytes.
#ifndef FAIRLEAD_TESTS_APISERVER_CONNECTION_H_
#define FAIRLEAD_TESTS_APISERVER_CONNECTION_H_

#include <memory>
#include <string>
#include <string_view>

#include "tests/apiserver/channel.h"
#include "tests/apiserver/http_message.h"

namespace fairlead::apiserver {

// A client gets no more than this, in front of what the kernel holds.
inline constexpr size_t kMostUnsent = 256 * 1024;
// Bodies of requests; a kube-apiserver takes 3 MiB.
inline constexpr size_t kMostRequestBytes = 3 * 1024 * 1024;
inline constexpr size_t kMostHeaderBytes = 64 * 1024;

class Connection {
 public:
  virtual ~Connection() = default;

  // Bytes from the client.
  virtual void Receive(std::string_view bytes) = 0;
  // Appends what is to be sent, as long as `out` is shorter than kMostUnsent.
  virtual void Pump(std::string& out) = 0;

  // Asks the client to take its next requests elsewhere; HTTP/1.1 has no word for that.
  virtual void SendAway() {}

  // To be closed once all is sent; to be closed at once.
  bool finished() const { return finished_; }
  bool broken() const { return broken_; }

 protected:
  void Finish() { finished_ = true; }
  void Break() { broken_ = true; }

 private:
  bool finished_ = false;
  bool broken_ = false;
};

std::unique_ptr<Connection> MakeHttp1(const Handler& handler, Peer peer);
std::unique_ptr<Connection> MakeHttp2(const Handler& handler, Peer peer);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_CONNECTION_H_
