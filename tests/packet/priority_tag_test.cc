// SPDX-License-Identifier: Apache-2.0
//
//   wire ──▶ [from_network], with a tag
//
// Promise: a tag that names no VLAN but a priority (802.1p, VLAN 0) changes
// nothing, and does not travel on. Frames of other VLANs are the host's.
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "tests/dsl/live_hooks.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kNodePort = 30080;

// As the wire brings it.
Bytes Tagged(const Packet& packet, uint8_t priority, uint8_t vlan) {
  Bytes frame = packet.OnLink(kRouterMac, kUplinkMac).ToBytes();
  const std::byte tag[] = {std::byte{0x81}, std::byte{0}, std::byte(priority << 5),
                           std::byte{vlan}};
  frame.insert(frame.begin() + 2 * ETH_ALEN, std::begin(tag), std::end(tag));
  return frame;
}

// What leaves by the uplink.
class Wire {
 public:
  Wire() : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    sockaddr_ll here{};
    here.sll_family = AF_PACKET;
    here.sll_protocol = htons(ETH_P_ALL);
    here.sll_ifindex = static_cast<int>(::if_nametoindex("wire"));
    const void* address = &here;
    const int on = 1;
    const timeval patience = {.tv_sec = 10, .tv_usec = 0};
    if (::setsockopt(socket_.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0 ||
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        ::bind(socket_.get(), static_cast<const sockaddr*>(address), sizeof(here)) != 0) {
      std::abort();
    }
  }

  // Whether the next frame with this destination has a tag; nullopt: none has come.
  std::optional<bool> HasTag(const Endpoint& destination) {
    for (;;) {
      Bytes frame(2048);
      sockaddr_ll from{};
      iovec buffer = {.iov_base = frame.data(), .iov_len = frame.size()};
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(tpacket_auxdata))];
      msghdr message{};
      message.msg_name = &from;
      message.msg_namelen = sizeof(from);
      message.msg_iov = &buffer;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof(control);
      const ssize_t got = ::recvmsg(socket_.get(), &message, 0);
      if (got < 0) return std::nullopt;
      frame.resize(static_cast<size_t>(got));
      if (from.sll_pkttype == PACKET_OUTGOING || !(DestinationOf(frame) == destination)) continue;
      const cmsghdr* extra = CMSG_FIRSTHDR(&message);
      if (extra == nullptr) return std::nullopt;
      const void* bytes = CMSG_DATA(extra);
      return (static_cast<const tpacket_auxdata*>(bytes)->tp_status & TP_STATUS_VLAN_VALID) != 0;
    }
  }

 private:
  UniqueFd socket_;
};

class PriorityTag : public ::testing::TestWithParam<Family> {
 protected:
  Packet Syn(const Endpoint& endpoint) {
    node_.AddService({.name = "web", .vip = {}, .port = TcpPort(80), .node_port = kNodePort},
                     {endpoint});
    return Tcp(node_.World(1, 40000), node_.On(kNodePort)).Syn();
  }
  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
  LiveHooks hooks_{node_, pod_};
};

TEST_P(PriorityTag, IsNoVlan) {
  const Packet syn = Syn(pod_.On(8080));
  EXPECT_TRUE(hooks_.Counts(HOOK_FROM_NETWORK, Tagged(syn, 5, 0), VERDICT_TO_POD));
  EXPECT_TRUE(hooks_.Counts(HOOK_FROM_NETWORK, Tagged(syn, 0, 0), VERDICT_TO_POD));
}

TEST_P(PriorityTag, StaysOnItsLink) {
  const Packet syn = Syn(node_.World(9, 8080));
  Wire wire;
  EXPECT_TRUE(hooks_.Counts(HOOK_FROM_NETWORK, Tagged(syn, 5, 0), VERDICT_TO_WORLD));
  EXPECT_EQ(wire.HasTag(node_.World(9, 8080)), false);
}

TEST_P(PriorityTag, FramesOfVlansAreTheHosts) {
  const Packet syn = Syn(pod_.On(8080));
  EXPECT_TRUE(hooks_.Counts(HOOK_FROM_NETWORK, Tagged(syn, 0, 5), VERDICT_PASSED));
  EXPECT_TRUE(hooks_.Counts(HOOK_FROM_NETWORK, Tagged(syn, 5, 5), VERDICT_PASSED));
}

FAIRLEAD_BOTH_FAMILIES(PriorityTag);

}  // namespace
}  // namespace fairlead::testing
