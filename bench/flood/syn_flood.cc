// SPDX-License-Identifier: Apache-2.0
#include "bench/flood/syn_flood.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "lab/clock.h"
#include "lab/network_namespace.h"

namespace fairlead::bench {
namespace {

constexpr size_t kBatch = 64;
// A bridge takes no frame that is from nobody.
constexpr MacAddress kSender = {0x02, 0xfa, 0x17, 0x1e, 0xad, 0xf0};
constexpr uint16_t kFirstPort = 1024;
constexpr uint16_t kPorts = 60000;

// Of RFC 1071, over bytes in network order.
uint32_t Sum(const void* data, size_t size, uint32_t sum = 0) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  for (size_t i = 0; i + 1 < size; i += 2) sum += uint32_t{bytes[i]} << 8 | bytes[i + 1];
  return sum;
}

uint16_t Fold(uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<uint16_t>(~sum));
}

uint16_t PortOf(uint64_t number) {
  return htons(static_cast<uint16_t>(kFirstPort + number % kPorts));
}

tcphdr Syn(const Endpoint& target) {
  tcphdr tcp{};
  tcp.th_dport = htons(target.port);
  tcp.th_off = sizeof(tcphdr) / 4;
  tcp.th_flags = TH_SYN;
  tcp.th_win = htons(64240);
  return tcp;
}

ethhdr EthernetTo(const FloodTarget& target, uint16_t protocol) {
  ethhdr ethernet{};
  std::memcpy(ethernet.h_dest, target.mac.data(), target.mac.size());
  std::memcpy(ethernet.h_source, kSender.data(), kSender.size());
  ethernet.h_proto = htons(protocol);
  return ethernet;
}

struct Frame4 {
  ethhdr ethernet;
  iphdr ip{};
  tcphdr tcp;

  explicit Frame4(const FloodTarget& target)
      : ethernet(EthernetTo(target, ETH_P_IP)), tcp(Syn(target.address)) {
    ip.version = 4;
    ip.ihl = sizeof(iphdr) / 4;
    ip.tot_len = htons(sizeof(iphdr) + sizeof(tcphdr));
    ip.ttl = 64;
    ip.protocol = IPPROTO_TCP;
    std::memcpy(&ip.daddr, target.address.address.bytes(), sizeof(ip.daddr));
  }
  void From(uint64_t number) {
    ip.saddr = htonl(static_cast<uint32_t>(11U << 24 | number));
    ip.check = 0;
    ip.check = Fold(Sum(&ip, sizeof(ip)));
    tcp.th_sport = PortOf(number);
    tcp.th_seq = htonl(static_cast<uint32_t>(number * 2654435761U));
    tcp.th_sum = 0;
    tcp.th_sum = Fold(Sum(&tcp, sizeof(tcp), Sum(&ip.saddr, 8, IPPROTO_TCP + sizeof(tcp))));
  }
} __attribute__((packed));

struct Frame6 {
  ethhdr ethernet;
  ip6_hdr ip{};
  tcphdr tcp;

  explicit Frame6(const FloodTarget& target)
      : ethernet(EthernetTo(target, ETH_P_IPV6)), tcp(Syn(target.address)) {
    ip.ip6_vfc = 6 << 4;
    ip.ip6_plen = htons(sizeof(tcphdr));
    ip.ip6_nxt = IPPROTO_TCP;
    ip.ip6_hlim = 64;
    ip.ip6_src.s6_addr32[0] = htonl(0x20010db8);
    ip.ip6_src.s6_addr32[1] = htonl(0xf1000000);
    std::memcpy(&ip.ip6_dst, target.address.address.bytes(), sizeof(ip.ip6_dst));
  }
  void From(uint64_t number) {
    ip.ip6_src.s6_addr32[3] = htonl(static_cast<uint32_t>(number));
    tcp.th_sport = PortOf(number);
    tcp.th_seq = htonl(static_cast<uint32_t>(number * 2654435761U));
    tcp.th_sum = 0;
    tcp.th_sum = Fold(Sum(&tcp, sizeof(tcp), Sum(&ip.ip6_src, 32, IPPROTO_TCP + sizeof(tcp))));
  }
} __attribute__((packed));

absl::StatusOr<UniqueFd> OpenPacketSocket(const std::string& device) {
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(::if_nametoindex(device.c_str()));
  const int on = 1;
  if (!fd.ok() || ::setsockopt(fd.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoStatus(errno, "send frames on " + device);
  }
  return fd;
}

// A device whose queue is full for a moment takes the frame a little later.
absl::Status SendBatch(int fd, mmsghdr* messages, size_t count) {
  for (size_t sent = 0; sent < count;) {
    const int more = ::sendmmsg(fd, messages + sent, static_cast<unsigned>(count - sent), 0);
    if (more > 0) {
      sent += static_cast<size_t>(more);
    } else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
      return ErrnoStatus(errno, "send a SYN");
    }
  }
  return absl::OkStatus();
}

template <typename Frame>
absl::Status Send(const FloodTarget& target, uint64_t count) {
  FL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenPacketSocket(target.device));
  std::vector<Frame> frames(kBatch, Frame(target));
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};
  for (size_t i = 0; i < kBatch; ++i) {
    parts[i] = {.iov_base = &frames[i], .iov_len = sizeof(Frame)};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (uint64_t number = 0; number < count && !lab::Interrupted();) {
    const size_t batch = std::min<uint64_t>(kBatch, count - number);
    for (size_t i = 0; i < batch; ++i) frames[i].From(number++);
    FL_RETURN_IF_ERROR(SendBatch(fd.get(), messages.data(), batch));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<double> SendSyns(const FloodTarget& target, uint64_t count) {
  const auto began = lab::Clock::now();
  FL_RETURN_IF_ERROR(lab::InNamespace(target.network_namespace, [&] {
    return target.address.address.family() == Family::kIpv4 ? Send<Frame4>(target, count)
                                                            : Send<Frame6>(target, count);
  }));
  return std::chrono::duration<double>(lab::Clock::now() - began).count();
}

}  // namespace fairlead::bench
