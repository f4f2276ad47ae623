// SPDX-License-Identifier: Apache-2.0
//
//   any bytes at all ──▶ [every hook] ──▶ one verdict, named and counted
//
// Promise: no frame makes a program fail or leave without a verdict, whatever
// is cut off, set to an extreme, or made of noise. A frame has its 14 bytes of
// Ethernet: no device delivers less.
#include <random>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/live_hooks.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/neighbours.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

class MalformedPackets : public ::testing::TestWithParam<Family> {
 protected:
  MalformedPackets() {
    // Flows of every kind exist, so that the deeper code is reached, too.
    for (const Packet& packet : Valid()) {
      node_.FromPod(client_, packet);
      const Hop hop = node_.FromPod(client_, packet);
      if (hop.ifindex == backend_.ifindex) {
        node_.FromPod(backend_, Packet::OfBytes(hop.frame));
      }
    }
    before_ = Counted();
  }

  // Each is of another shape; all come from `client_`.
  std::vector<Packet> Valid() const {
    const Packet tcp = Tcp(client_.On(1), web_.Front()).Syn().WindowScale(7).Payload(30);
    const Packet udp = Udp(client_.On(2), dns_.Front()).Payload(40);
    std::vector<Packet> packets = {
        tcp,
        udp,
        Sctp(client_.On(3), backend_.On(4)),
        Ping(client_.On(5), backend_.address),
        Tcp(client_.On(6), node_.World(1, 443)).Ack(),
        Tcp(client_.On(7), empty_.Front()).Syn(),
        IcmpError(client_.address, IcmpErrorKind::kPortUnreachable,
                  Udp(backend_.On(4), client_.On(3)), 16),
        NeighbourRequest(client_, GatewayAddress(GetParam())),
        Udp(client_.On(8), backend_.On(9)).Payload(64).Fragment(8, true)};
    if (GetParam() == Family::kIpv4) {
      packets.push_back(tcp.IpOptions(3));
    } else {
      packets.push_back(tcp.Behind(kHopByHop).Behind(kDestination));
      packets.push_back(udp.Behind(kRouting, 2).Behind(kAtomicFragment));
    }
    for (Packet& packet : packets) packet = packet.OnLink(client_.mac, kGatewayMac);
    return packets;
  }

  // What BPF_PROG_TEST_RUN takes: no frame that ends inside an IP header.
  size_t Shortest(const Packet& packet) const {
    const Bytes frame = packet.ToBytes();
    const bool is_arp = frame[12] == std::byte{8} && frame[13] == std::byte{6};
    return is_arp ? 14 : GetParam() == Family::kIpv4 ? 34 : 54;
  }

  void RunEverywhere(const Packet& packet) {
    Expect(node_.FromPod(client_, packet));
    Expect(node_.ToPod(client_, packet));
    Expect(node_.FromNetwork(packet));
    Expect(node_.FromWire(packet));
    Expect(node_.ToNetwork(packet));
    Expect(node_.FromRoom(packet));
  }
  void Expect(const Hop& hop) {
    ++sent_;
    const bool dropped = hop.reason >= static_cast<uint32_t>(FL_FIRST_DROP);
    ASSERT_LT(hop.reason, static_cast<uint32_t>(FL_VERDICT_COUNT));
    ASSERT_NE(hop.action, Action::kNext);
    // A drop may be answered to the sender; nothing else comes of it.
    ASSERT_NE(hop.action, dropped ? Action::kOk : Action::kShot) << hop;
  }
  uint64_t Counted() const {
    uint64_t packets = 0;
    for (int where = 0; where < HOOK_COUNT; ++where) {
      for (uint32_t reason = 0; reason < FL_VERDICT_COUNT; ++reason) {
        // Not a packet's end.
        if (reason == VERDICT_NOT_PROMOTED || reason == VERDICT_UNANSWERED) continue;
        packets += node_.Count(static_cast<hook>(where), reason);
      }
    }
    return packets;
  }
  void TearDown() override {
    EXPECT_GT(sent_, 0U);
    EXPECT_EQ(Counted() - before_, sent_) << "a packet went uncounted";
  }

  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod backend_ = node_.AddPod("backend");
  Service web_ = node_.AddService("web", TcpPort(80), {backend_.On(8080)});
  Service dns_ = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  Service empty_ = node_.AddService("empty", TcpPort(80), {});
  uint64_t before_ = 0;
  uint64_t sent_ = 0;
};

TEST_P(MalformedPackets, CutAtEveryLengthFromTheIpHeaderOn) {
  for (const Packet& packet : Valid()) {
    for (size_t length = Shortest(packet); length <= 128; ++length) {
      RunEverywhere(packet.Cut(length));
    }
  }
}

TEST_P(MalformedPackets, ATruncatedPacketOfAPodIsNeverSentOn) {
  for (const Packet& packet : Valid()) {
    const size_t whole = packet.ToBytes().size();
    for (size_t length = Shortest(packet); length < whole; ++length) {
      const Hop hop = node_.FromPod(client_, packet.Cut(length));
      Expect(hop);
      EXPECT_EQ(hop.action, Action::kShot) << length << " of " << whole << ": " << hop;
    }
  }
}

TEST_P(MalformedPackets, EveryByteOfTheHeadersAtItsExtremes) {
  for (const Packet& packet : Valid()) {
    const size_t end = std::min<size_t>(packet.ToBytes().size(), 14 + 40 + 8 + 40 + 8);
    for (size_t offset = 12; offset < end; ++offset) {
      for (const int value : {0x00, 0x01, 0x0f, 0x7f, 0x80, 0xfe, 0xff}) {
        RunEverywhere(packet.Raw(offset, static_cast<uint8_t>(value)));
      }
    }
  }
}

TEST_P(MalformedPackets, EveryTwoBytesOfTheHeadersAtTheirExtremes) {
  for (const Packet& packet : Valid()) {
    const size_t end = std::min<size_t>(packet.ToBytes().size() - 1, 14 + 40 + 8 + 40 + 8);
    for (size_t offset = 12; offset < end; ++offset) {
      for (const int value : {0x00, 0x7f, 0xff}) {
        RunEverywhere(packet.Raw(offset, static_cast<uint8_t>(value))
                          .Raw(offset + 1, static_cast<uint8_t>(value)));
      }
    }
  }
}

TEST_P(MalformedPackets, LengthsThatLieBothWays) {
  const size_t length = GetParam() == Family::kIpv4 ? 16 : 18;
  for (const Packet& packet : Valid()) {
    for (int total = 0; total < 256; ++total) {
      RunEverywhere(packet.Raw(length, 0).Raw(length + 1, static_cast<uint8_t>(total)));
    }
  }
}

TEST_P(MalformedPackets, NoiseBehindAnEthernetHeader) {
  std::mt19937 random(GetParam() == Family::kIpv4 ? 4 : 6);
  for (int i = 0; i < 4000; ++i) {
    Bytes frame = Valid().front().Cut(14).ToBytes();
    frame.resize(Shortest(Valid().front()) + random() % 200);
    for (size_t at = 14; at < frame.size(); ++at) frame[at] = static_cast<std::byte>(random());
    if (i % 2 == 0) {
      frame[14] = std::byte{static_cast<uint8_t>(GetParam() == Family::kIpv4 ? 0x45 : 0x60)};
    }
    RunEverywhere(Packet::OfBytes(frame));
  }
}

TEST_P(MalformedPackets, NoiseInsideAValidPacket) {
  std::mt19937 random(GetParam() == Family::kIpv4 ? 44 : 66);
  const std::vector<Packet> valid = Valid();
  for (int i = 0; i < 4000; ++i) {
    Packet packet = valid[random() % valid.size()];
    for (int bytes = 0; bytes < 4; ++bytes) {
      packet = packet.Raw(14 + random() % 90, static_cast<uint8_t>(random()));
    }
    RunEverywhere(packet);
  }
}

FAIRLEAD_BOTH_FAMILIES(MalformedPackets);

// Real devices carry these; a test run does not take them. The kernel's own packets (listener
// reports…) meet the hooks, too, so only what is too short is counted.
class FramesCutInsideTheIpHeader : public MalformedPackets {
 protected:
  void TearDown() override {}
};

TEST_P(FramesCutInsideTheIpHeader, AreTooShortOnEveryDevice) {
  LiveHooks live(node_, client_);
  const Packet packet = Valid().front();
  for (size_t length = 14; length < Shortest(packet); ++length) {
    for (const hook where :
         {HOOK_FROM_POD, HOOK_TO_POD, HOOK_FROM_NETWORK, HOOK_TO_NETWORK, HOOK_FROM_ROOM}) {
      EXPECT_TRUE(live.Counts(where, packet.Cut(length).ToBytes(), DROP_TOO_SHORT))
          << length << " bytes into hook " << where;
    }
  }
}

FAIRLEAD_BOTH_FAMILIES(FramesCutInsideTheIpHeader);

}  // namespace
}  // namespace fairlead::testing
