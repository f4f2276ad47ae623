// SPDX-License-Identifier: Apache-2.0
//
// See datagrams.h.
#include "tests/netns/datagrams.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "lab/network_namespace.h"
#include "tests/netns/content.h"

namespace fairlead::testing {
namespace {

constexpr size_t kLargest = 65535;
constexpr int kIpv6HeaderIncluded = 36;  // IPV6_HDRINCL of linux/in6.h

absl::StatusOr<UniqueFd> RawSocket(const std::string& network_namespace, Family family,
                                   int protocol) {
  UniqueFd fd;
  FL_RETURN_IF_ERROR(lab::InNamespace(network_namespace, [&] {
    fd = UniqueFd(
        ::socket(family == Family::kIpv4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, protocol));
    return fd.ok() ? absl::OkStatus() : ErrnoStatus(errno, "make a raw socket");
  }));
  const timeval patience = {.tv_sec = kPatienceMilliseconds / 1000, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  return fd;
}

// The reply's payload, or "" if that is no reply to `id`.
std::string EchoedIn(std::string packet, Family family, uint16_t id) {
  if (family == Family::kIpv4) packet.erase(0, (static_cast<uint8_t>(packet[0]) & 15U) * 4U);
  if (packet.size() < sizeof(icmphdr)) return "";
  icmphdr header{};
  std::memcpy(&header, packet.data(), sizeof(header));
  const uint8_t reply = family == Family::kIpv4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
  return header.type == reply && header.un.echo.id == id ? packet.substr(sizeof(header)) : "";
}

}  // namespace

UdpEcho::UdpEcho(const std::string& network_namespace, const Endpoint& local) {
  fd_ = Serve(network_namespace, SOCK_DGRAM, local);
  thread_ = std::thread([this] { Answer(); });
}

UdpEcho::~UdpEcho() {
  ends_ = true;
  ::shutdown(fd_.get(), SHUT_RDWR);  // wakes the receiver, though it says ENOTCONN
  thread_.join();
}

void UdpEcho::Answer() {
  std::string buffer(kLargest, '\0');
  while (!ends_) {
    SocketAddress client;
    const ssize_t got =
        ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, client.get(), &client.size);
    if (got <= 0) continue;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      last_client_ = client.ToEndpoint();
    }
    ::sendto(fd_.get(), buffer.data(), static_cast<size_t>(got), MSG_NOSIGNAL, client.get(),
             client.size);
  }
}

Endpoint UdpEcho::last_client() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return last_client_;
}

absl::Status Receive(const UniqueFd& socket, const std::string& content) {
  std::string buffer(kLargest, '\0');
  const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return ErrnoStatus(errno, fmt::format("receive {} bytes", content.size()));
  buffer.resize(static_cast<size_t>(got));
  if (buffer == content) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("got {} other bytes than the {} wanted", got, content.size()));
}

absl::Status Exchange(const UniqueFd& socket, size_t bytes) {
  const std::string content = ContentAt(bytes, bytes);
  if (::send(socket.get(), content.data(), content.size(), MSG_NOSIGNAL) < 0) {
    return ErrnoStatus(errno, fmt::format("send {} bytes", bytes));
  }
  return Receive(socket, content);
}

Endpoint LocalEnd(const UniqueFd& socket) {
  SocketAddress local;
  if (::getsockname(socket.get(), local.get(), &local.size) != 0) std::abort();
  return local.ToEndpoint();
}

absl::Status PingWith(const std::string& network_namespace, const IpAddress& to, size_t bytes) {
  const bool v4 = to.family() == Family::kIpv4;
  FL_ASSIGN_OR_RETURN(const UniqueFd fd, RawSocket(network_namespace, to.family(),
                                                   v4 ? static_cast<int>(IPPROTO_ICMP)
                                                      : static_cast<int>(IPPROTO_ICMPV6)));
  const std::string content = ContentAt(bytes, bytes);
  const IpAddress nobody = IpAddress::FromBytes(to.family(), std::array<uint8_t, 16>{}.data());
  // Bytes() of the DSL know the checksum of ICMPv4; the kernel fills that of ICMPv6.
  const Bytes message = Ping({nobody, static_cast<uint16_t>(bytes)}, to).Payload(content).IpBytes();
  const size_t header = v4 ? 20 : 40;
  SocketAddress address(Endpoint{to, 0});
  if (::sendto(fd.get(), message.data() + header, message.size() - header, 0, address.get(),
               address.size) < 0) {
    return ErrnoStatus(errno, "send a ping to " + to.ToString());
  }
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start <
         std::chrono::milliseconds(kPatienceMilliseconds)) {
    std::string packet(kLargest + 1, '\0');
    const ssize_t got = ::recv(fd.get(), packet.data(), packet.size(), 0);
    if (got <= 0) break;
    packet.resize(static_cast<size_t>(got));
    const std::string echoed =
        EchoedIn(std::move(packet), to.family(), htons(static_cast<uint16_t>(bytes)));
    if (echoed.empty()) continue;
    return echoed == content ? absl::OkStatus()
                             : absl::DataLossError("the reply is not what was sent");
  }
  return absl::DeadlineExceededError(fmt::format("no reply to {} bytes", bytes));
}

absl::Status SendRaw(const std::string& network_namespace, const std::vector<Packet>& pieces) {
  const Family family = pieces.front().family();
  FL_ASSIGN_OR_RETURN(const UniqueFd fd, RawSocket(network_namespace, family, IPPROTO_RAW));
  const int on = 1;
  if (::setsockopt(fd.get(), family == Family::kIpv4 ? IPPROTO_IP : IPPROTO_IPV6,
                   family == Family::kIpv4 ? IP_HDRINCL : kIpv6HeaderIncluded, &on,
                   sizeof(on)) != 0) {
    return ErrnoStatus(errno, "send headers of our own");
  }
  for (const Packet& piece : pieces) {
    const Bytes bytes = piece.IpBytes();
    SocketAddress address(Endpoint{piece.destination().address, 0});
    if (::sendto(fd.get(), bytes.data(), bytes.size(), 0, address.get(), address.size) < 0) {
      return ErrnoStatus(errno, "send a fragment");
    }
  }
  return absl::OkStatus();
}

}  // namespace fairlead::testing
