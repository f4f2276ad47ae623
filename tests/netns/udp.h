// SPDX-License-Identifier: Apache-2.0
//
// UDP peers: the server answers every datagram with its own name and the
// address it saw the client under.
#ifndef FAIRLEAD_TESTS_NETNS_UDP_H_
#define FAIRLEAD_TESTS_NETNS_UDP_H_

#include <atomic>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "tests/netns/sockets.h"

namespace fairlead::testing {

class UdpServer {
 public:
  UdpServer(std::string name, const std::string& network_namespace, const Endpoint& local);
  ~UdpServer();
  UdpServer(const UdpServer&) = delete;
  UdpServer& operator=(const UdpServer&) = delete;

 private:
  void Answer();

  std::string name_;
  UniqueFd fd_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

// A connected socket: the kernel discards answers that do not come from the
// very address asked.
class UdpClient {
 public:
  static absl::StatusOr<UdpClient> Open(const std::string& network_namespace, const Endpoint& to,
                                        int patience_milliseconds = kPatienceMilliseconds);

  // One datagram there, one back: "NAME CLIENT_ADDRESS" in `answer`. Returns
  // errno, ECONNREFUSED when an ICMP error came instead; 0 on an answer.
  int Ask(std::string& answer) const;

 private:
  UniqueFd fd_;
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_NETNS_UDP_H_
