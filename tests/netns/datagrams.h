// SPDX-License-Identifier: Apache-2.0
//
// Datagrams far larger than any link takes: UDP that is echoed, pings, and
// fragments in an order of the test's choosing.
#ifndef FAIRLEAD_TESTS_NETNS_DATAGRAMS_H_
#define FAIRLEAD_TESTS_NETNS_DATAGRAMS_H_

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "tests/dsl/packet.h"
#include "tests/netns/sockets.h"

namespace fairlead::testing {

// Sends every datagram back to whom it came from, until its destruction.
class UdpEcho {
 public:
  UdpEcho(const std::string& network_namespace, const Endpoint& local);
  ~UdpEcho();
  UdpEcho(const UdpEcho&) = delete;
  UdpEcho& operator=(const UdpEcho&) = delete;

  // As whom the last datagram came.
  Endpoint last_client() const;

 private:
  void Answer();

  UniqueFd fd_;
  std::atomic<bool> ends_ = false;
  mutable std::mutex mutex_;
  Endpoint last_client_;
  std::thread thread_;
};

// Sends `bytes` of content.h on a connected UDP socket and wants them back.
absl::Status Exchange(const UniqueFd& socket, size_t bytes);
// Wants a datagram with just that content.
absl::Status Receive(const UniqueFd& socket, const std::string& content);
// The socket's own end.
Endpoint LocalEnd(const UniqueFd& socket);

// An echo request with `bytes` of payload, and its reply with the same.
absl::Status PingWith(const std::string& network_namespace, const IpAddress& to, size_t bytes);

// The pieces as a host sends them, in their order, headers included.
absl::Status SendRaw(const std::string& network_namespace, const std::vector<Packet>& pieces);

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_NETNS_DATAGRAMS_H_
