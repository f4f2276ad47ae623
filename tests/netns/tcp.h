// SPDX-License-Identifier: Apache-2.0
//
// TCP peers that talk a small protocol:
//
//   server: "NAME CLIENT_ADDRESS\n"       whom the client reached, and as whom
//   client: "send N\n"    → server: N bytes of content.h, then closes
//           "receive N\n" → server reads and compares N bytes, says "good\n"
#ifndef FAIRLEAD_TESTS_NETNS_TCP_H_
#define FAIRLEAD_TESTS_NETNS_TCP_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "base/ip.h"
#include "base/unique_fd.h"
#include "tests/netns/sockets.h"

namespace fairlead::testing {

constexpr uint64_t kEndless = ~0ULL;

// Serves until its destruction, any number of clients at a time. CHECK-like:
// the constructor ends the test run when it cannot serve.
class TcpServer {
 public:
  TcpServer(std::string name, const std::string& network_namespace, const Endpoint& local);
  ~TcpServer();
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

 private:
  void Accept();

  std::string name_;
  UniqueFd listener_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

class TcpClient {
 public:
  // Connects and reads the greeting. ABORTED when the connection was refused.
  static absl::StatusOr<TcpClient> Open(const std::string& network_namespace, const Endpoint& to,
                                        int patience_milliseconds = kPatienceMilliseconds);

  const std::string& server() const { return server_; }
  const IpAddress& seen_as() const { return seen_as_; }

  absl::Status Download(uint64_t bytes);  // DATA_LOSS when the content is wrong
  absl::Status Upload(uint64_t bytes);

  // Download, telling how far it is; ends without error when `stop` is set.
  absl::Status Stream(std::atomic<uint64_t>& received, const std::atomic<bool>& stop);

 private:
  UniqueFd fd_;
  std::string server_;
  IpAddress seen_as_;
};

// A download that goes on until Finish, on a thread of its own.
class EndlessDownload {
 public:
  explicit EndlessDownload(TcpClient client);
  ~EndlessDownload();

  // True once `bytes` more than at the time of the call have arrived intact.
  bool Advances(uint64_t bytes) const;
  absl::Status Finish();  // what went wrong until now

 private:
  TcpClient client_;
  std::atomic<uint64_t> received_ = 0;
  std::atomic<bool> stop_ = false;
  absl::Status status_;
  std::thread thread_;
};

// errno of one connection attempt, 0 when it succeeds.
int ConnectError(const std::string& network_namespace, const Endpoint& to,
                 int patience_milliseconds = kPatienceMilliseconds);

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_NETNS_TCP_H_
