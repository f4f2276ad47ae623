// SPDX-License-Identifier: Apache-2.0
//
// Protocols that are neither TCP nor UDP to one address: multicast between the
// pods of a node with the sockets that programs use for it, and raw protocols
// between pods wherever they are.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cstring>

#include "base/errno_status.h"
#include "base/status_macros.h"
#include "lab/network_namespace.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kGroupPort = 5353;

// A socket in a pod, for packets of one protocol. Reading gives up after `patience`.
class PodSocket {
 public:
  PodSocket(const lab::Pod& pod, Family family, int type, int protocol) : family_(family) {
    const absl::Status made = lab::InNamespace(pod.network_namespace(), [&]() -> absl::Status {
      fd_ = UniqueFd(
          ::socket(family == Family::kIpv4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, protocol));
      if (!fd_.ok()) return ErrnoStatus(errno, "make a socket in a pod");
      device_ = static_cast<int>(::if_nametoindex("eth0"));
      return absl::OkStatus();
    });
    EXPECT_TRUE(made.ok()) << made;
    SetPatience(kPatienceMilliseconds);
  }
  void SetPatience(int milliseconds) const {
    const timeval patience = {.tv_sec = milliseconds / 1000,
                              .tv_usec = (milliseconds % 1000) * 1000L};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  void Bind(const Endpoint& local) const {
    SocketAddress address(local);
    EXPECT_EQ(::bind(fd_.get(), address.get(), address.size), 0) << local;
  }
  void Join(const IpAddress& group, bool join = true) const {
    if (family_ == Family::kIpv4) {
      ip_mreqn request{};
      std::memcpy(&request.imr_multiaddr, group.bytes(), 4);
      request.imr_ifindex = device_;
      EXPECT_EQ(::setsockopt(fd_.get(), IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP,
                             &request, sizeof(request)),
                0);
      return;
    }
    ipv6_mreq request{};
    std::memcpy(&request.ipv6mr_multiaddr, group.bytes(), 16);
    request.ipv6mr_interface = static_cast<unsigned>(device_);
    EXPECT_EQ(::setsockopt(fd_.get(), IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP,
                           &request, sizeof(request)),
              0);
  }
  bool Send(const Endpoint& to, const std::string& text) const {
    SocketAddress address(to);
    if (family_ == Family::kIpv6) {
      reinterpret_cast<sockaddr_in6*>(address.get())->sin6_scope_id =
          static_cast<uint32_t>(device_);
    }
    return ::sendto(fd_.get(), text.data(), text.size(), 0, address.get(), address.size) ==
           static_cast<ssize_t>(text.size());
  }
  // "": nothing came. Of a raw IPv4 socket with its header.
  std::string Receive() const {
    char buffer[2048];
    const ssize_t got = ::recv(fd_.get(), buffer, sizeof(buffer), 0);
    return got <= 0 ? "" : std::string(buffer, static_cast<size_t>(got));
  }

 private:
  Family family_;
  UniqueFd fd_;
  int device_ = 0;
};

class MulticastTraffic : public TwoNodes {
 protected:
  IpAddress Ip(const char* ipv4, const char* ipv6) const {
    return *IpAddress::Parse(GetParam() == Family::kIpv4 ? ipv4 : ipv6);
  }
  PodSocket Open(const lab::Pod& pod) const { return {pod, GetParam(), SOCK_DGRAM, 0}; }
  PodSocket Listen(const lab::Pod& pod, const IpAddress& group) const {
    PodSocket socket = Open(pod);
    socket.Bind({Ip("0.0.0.0", "::"), kGroupPort});
    socket.Join(group);
    return socket;
  }
  // Until one arrives: the report that asks for it is on its way.
  static bool Reaches(const PodSocket& sender, const PodSocket& listener, const IpAddress& group) {
    listener.SetPatience(200);
    return lab::WaitUntil(
        [&] {
          return sender.Send({group, kGroupPort}, "to all") && listener.Receive() == "to all";
        },
        std::chrono::seconds(20));
  }
};

TEST_P(MulticastTraffic, ReachesListenersOfTheNodeInAnyScope) {
  const lab::Pod talker = AddPod(1, "talker", "x");
  const lab::Pod one = AddPod(1, "one", "x"), two = AddPod(1, "two", "x");
  const PodSocket sender = Open(talker);
  for (const IpAddress& group : {Ip("239.7.7.7", "ff15::7"), Ip("224.0.0.251", "ff02::fb")}) {
    const PodSocket first = Listen(one, group), second = Listen(two, group);
    EXPECT_TRUE(Reaches(sender, first, group)) << group;
    EXPECT_TRUE(Reaches(sender, second, group)) << group;
  }
}

TEST_P(MulticastTraffic, EndsWithTheLastListener) {
  const lab::Pod talker = AddPod(1, "talker", "x"), one = AddPod(1, "one", "x");
  const IpAddress group = Ip("239.7.7.7", "ff15::7");
  const PodSocket sender = Open(talker), listener = Listen(one, group);
  ASSERT_TRUE(Reaches(sender, listener, group));
  listener.Join(group, false);
  const auto dump = [&] {
    const auto shown = lab().Run(
        "node1", {"fairlead", "maps", "dump", GetParam() == Family::kIpv4 ? "groups4" : "groups6"},
        std::chrono::seconds(20));
    return shown.ok() ? shown->out : shown.status().ToString();
  };
  EXPECT_TRUE(lab::WaitUntil([&] { return dump().find(group.ToString()) == std::string::npos; },
                             std::chrono::seconds(20)))
      << dump();
}

TEST_P(MulticastTraffic, DoesNotLeaveTheNode) {
  const lab::Pod talker = AddPod(1, "talker", "x"), near = AddPod(1, "near", "x");
  const lab::Pod far = AddPod(2, "far", "x");
  const IpAddress group = Ip("239.7.7.7", "ff15::7");
  const PodSocket sender = Open(talker), here = Listen(near, group), there = Listen(far, group);
  ASSERT_TRUE(Reaches(sender, here, group));
  there.SetPatience(200);
  EXPECT_EQ(there.Receive(), "");
}

FL_BOTH_FAMILIES(MulticastTraffic);

class RawProtocols : public TwoNodes {};

// There are no SCTP sockets in every kernel; its packets are written by hand.
TEST_P(RawProtocols, GoFromPodToPodOnOneNodeAndAcross) {
  const lab::Pod near = AddPod(1, "near", "x"), other = AddPod(1, "other", "x");
  const lab::Pod far = AddPod(2, "far", "x");
  const std::string sctp("\x9c\x40\0\x50\0\0\0\1\0\0\0\0and chunks", 22);  // 40000 to 80
  for (const int protocol : {4, 47, 50, 89, 112, 132}) {
    const PodSocket sender(near, GetParam(), SOCK_RAW, protocol);
    for (const lab::Pod& pod : {other, far}) {
      SCOPED_TRACE(fmt::format("protocol {} to {}", protocol, pod.name()));
      const PodSocket receiver(pod, GetParam(), SOCK_RAW, protocol);
      for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(sender.Send({AddressOf(pod), 0}, sctp));
        EXPECT_THAT(receiver.Receive(), ::testing::EndsWith(sctp));
        ASSERT_TRUE(receiver.Send({AddressOf(near), 0}, sctp));
        EXPECT_THAT(sender.Receive(), ::testing::EndsWith(sctp));
      }
    }
  }
}

FL_BOTH_FAMILIES(RawProtocols);

class ForgedRawProtocols : public TwoNodes {};

TEST_P(ForgedRawProtocols, DoNotArrive) {
  const lab::Pod liar = AddPod(1, "liar", "x"), victim = AddPod(1, "victim", "x");
  const PodSocket sender(liar, GetParam(), SOCK_RAW, IPPROTO_RAW);
  const PodSocket receiver(victim, GetParam(), SOCK_RAW, 47);
  std::string header("\x45\0\0\x18\0\1\0\0\x40\x2f\0\0", 12);
  for (const IpAddress& ip : {*IpAddress::Parse("10.244.1.200"), AddressOf(victim)}) {
    header.append(reinterpret_cast<const char*>(ip.bytes()), 4);
  }
  ASSERT_TRUE(sender.Send({AddressOf(victim), 0}, header + "GRE!"));
  receiver.SetPatience(300);
  EXPECT_EQ(receiver.Receive(), "");
  const auto drops = lab().Run("node1", {"fairlead", "drops"}, std::chrono::seconds(20));
  FL_ASSERT_OK(drops.status());
  EXPECT_THAT(drops->out, ::testing::HasSubstr("SPOOFED_SOURCE"));
}

// Raw sockets of IPv6 write no header of their own.
INSTANTIATE_TEST_SUITE_P(Ipv4, ForgedRawProtocols, ::testing::Values(Family::kIpv4), NameOfFamily);

}  // namespace
}  // namespace fairlead::testing
