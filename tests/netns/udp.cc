// SPDX-License-Identifier: Apache-2.0
//
// See udp.h.
#include "tests/netns/udp.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/errno_status.h"

namespace fairlead::testing {

UdpServer::UdpServer(std::string name, const std::string& network_namespace, const Endpoint& local)
    : name_(std::move(name)) {
  fd_ = Serve(network_namespace, SOCK_DGRAM, local);
  thread_ = std::thread([this] { Answer(); });
}

UdpServer::~UdpServer() {
  ends_ = true;
  ::shutdown(fd_.get(), SHUT_RDWR);  // wakes the receiver, though it says ENOTCONN
  thread_.join();
}

void UdpServer::Answer() {
  char buffer[2048];
  while (!ends_) {
    SocketAddress client;
    const ssize_t got =
        ::recvfrom(fd_.get(), buffer, sizeof(buffer), 0, client.get(), &client.size);
    if (got <= 0) continue;
    const std::string answer = fmt::format("{} {}", name_, client.ToEndpoint().address.ToString());
    ::sendto(fd_.get(), answer.data(), answer.size(), MSG_NOSIGNAL, client.get(), client.size);
  }
}

absl::StatusOr<UdpClient> UdpClient::Open(const std::string& network_namespace, const Endpoint& to,
                                          int patience_milliseconds) {
  UdpClient client;
  int error = 0;
  client.fd_ = Connect(network_namespace, SOCK_DGRAM, to, error, patience_milliseconds);
  if (error != 0) return ErrnoStatus(error, "connect a UDP socket to " + to.ToString());
  return client;
}

int UdpClient::Ask(std::string& answer) const {
  if (::send(fd_.get(), "who?", 4, MSG_NOSIGNAL) < 0) return errno;
  char buffer[2048];
  const ssize_t got = ::recv(fd_.get(), buffer, sizeof(buffer), 0);
  if (got < 0) return errno;
  answer.assign(buffer, static_cast<size_t>(got));
  return 0;
}

}  // namespace fairlead::testing
