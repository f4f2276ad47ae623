// SPDX-License-Identifier: Apache-2.0
//
// See tcp.h.
#include "tests/netns/tcp.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "lab/clock.h"
#include "tests/netns/content.h"

namespace fairlead::testing {
namespace {

constexpr size_t kChunk = size_t{128} * 1024;

bool SendAll(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t sent = ::send(fd, text.data() + done, text.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    done += static_cast<size_t>(sent);
  }
  return true;
}

// Byte by byte, so that nothing behind the line is taken.
absl::StatusOr<std::string> ReceiveLine(int fd) {
  std::string line;
  for (char c = 0;;) {
    const ssize_t got = ::recv(fd, &c, 1, 0);
    if (got == 0) return absl::UnavailableError("the peer closed instead of saying a line");
    if (got < 0) return ErrnoStatus(errno, "receive a line");
    if (c == '\n') return line;
    line.push_back(c);
  }
}

absl::Status ReceiveContent(int fd, uint64_t bytes, std::atomic<uint64_t>* received,
                            const std::atomic<bool>* stop) {
  std::vector<char> buffer(kChunk);
  for (uint64_t offset = 0; offset < bytes && !(stop != nullptr && *stop);) {
    const size_t want = static_cast<size_t>(std::min<uint64_t>(kChunk, bytes - offset));
    const ssize_t got = ::recv(fd, buffer.data(), want, 0);
    if (got == 0) return absl::DataLossError(fmt::format("closed after {} bytes", offset));
    if (got < 0) return ErrnoStatus(errno, fmt::format("receive after {} bytes", offset));
    const size_t size = static_cast<size_t>(got);
    if (ContentAt(offset, size) != std::string_view(buffer.data(), size)) {
      return absl::DataLossError(fmt::format("wrong content near byte {}", offset));
    }
    offset += size;
    if (received != nullptr) *received = offset;
  }
  return absl::OkStatus();
}

bool SendContent(int fd, uint64_t bytes) {
  for (uint64_t offset = 0; offset < bytes;) {
    const size_t size = static_cast<size_t>(std::min<uint64_t>(kChunk, bytes - offset));
    if (!SendAll(fd, ContentAt(offset, size))) return false;
    offset += size;
  }
  return true;
}

void Converse(int fd, const std::string& name, const Endpoint& client) {
  if (!SendAll(fd, fmt::format("{} {}\n", name, client.address.ToString()))) return;
  const auto request = ReceiveLine(fd);
  if (!request.ok()) return;  // the client only wanted to be greeted
  const uint64_t bytes =
      std::strtoull(request->substr(request->find(' ') + 1).c_str(), nullptr, 10);
  if (request->starts_with("send ")) {
    SendContent(fd, bytes);
  } else {
    SendAll(fd, ReceiveContent(fd, bytes, nullptr, nullptr).ok() ? "good\n" : "bad\n");
  }
}

}  // namespace

TcpServer::TcpServer(std::string name, const std::string& network_namespace, const Endpoint& local)
    : name_(std::move(name)) {
  listener_ = Serve(network_namespace, SOCK_STREAM, local);
  thread_ = std::thread([this] { Accept(); });
}

TcpServer::~TcpServer() {
  ends_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

void TcpServer::Accept() {
  struct Guest {
    UniqueFd fd;
    std::thread thread;
  };
  std::list<Guest> guests;
  while (!ends_) {
    SocketAddress client;
    UniqueFd fd(::accept4(listener_.get(), client.get(), &client.size, SOCK_CLOEXEC));
    if (!fd.ok()) continue;
    Guest& guest = guests.emplace_back();
    guest.fd = std::move(fd);
    guest.thread = std::thread([this, &guest, from = client.ToEndpoint()] {
      Converse(guest.fd.get(), name_, from);
      ::shutdown(guest.fd.get(), SHUT_RDWR);
    });
  }
  for (Guest& guest : guests) {
    ::shutdown(guest.fd.get(), SHUT_RDWR);
    guest.thread.join();
  }
}

absl::StatusOr<TcpClient> TcpClient::Open(const std::string& network_namespace, const Endpoint& to,
                                          int patience_milliseconds) {
  TcpClient client;
  int error = 0;
  client.fd_ = Connect(network_namespace, SOCK_STREAM, to, error, patience_milliseconds);
  if (error != 0) {
    return ErrnoStatus(error, fmt::format("connect {} to {}", network_namespace, to.ToString()));
  }
  FL_ASSIGN_OR_RETURN(const std::string greeting, ReceiveLine(client.fd_.get()));
  const size_t space = greeting.find(' ');
  client.server_ = greeting.substr(0, space);
  FL_ASSIGN_OR_RETURN(client.seen_as_, IpAddress::Parse(greeting.substr(space + 1)));
  return client;
}

absl::Status TcpClient::Download(uint64_t bytes) {
  SendAll(fd_.get(), fmt::format("send {}\n", bytes));
  return ReceiveContent(fd_.get(), bytes, nullptr, nullptr);
}

absl::Status TcpClient::Upload(uint64_t bytes) {
  if (!SendAll(fd_.get(), fmt::format("receive {}\n", bytes)) || !SendContent(fd_.get(), bytes)) {
    return ErrnoStatus(errno, "upload");
  }
  FL_ASSIGN_OR_RETURN(const std::string verdict, ReceiveLine(fd_.get()));
  return verdict == "good" ? absl::OkStatus() : absl::DataLossError("the server got other bytes");
}

absl::Status TcpClient::Stream(std::atomic<uint64_t>& received, const std::atomic<bool>& stop) {
  SendAll(fd_.get(), fmt::format("send {}\n", kEndless));
  return ReceiveContent(fd_.get(), kEndless, &received, &stop);
}

EndlessDownload::EndlessDownload(TcpClient client)
    : client_(std::move(client)), thread_([this] { status_ = client_.Stream(received_, stop_); }) {}

EndlessDownload::~EndlessDownload() { Finish().IgnoreError(); }

bool EndlessDownload::Advances(uint64_t bytes) const {
  const uint64_t goal = received_ + bytes;
  return lab::WaitUntil([&] { return received_ >= goal; },
                        std::chrono::milliseconds(2 * kPatienceMilliseconds));
}

absl::Status EndlessDownload::Finish() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return status_;
}

int ConnectError(const std::string& network_namespace, const Endpoint& to,
                 int patience_milliseconds) {
  int error = 0;
  Connect(network_namespace, SOCK_STREAM, to, error, patience_milliseconds);
  return error;
}

}  // namespace fairlead::testing
