// SPDX-License-Identifier: Apache-2.0
//
//   client ──▶ web ──▶ [from_pod] ──▶ backend, addresses, ports and sums new
//
// Promise: after a translation every checksum is as if the sender had computed
// it, whoever vouches for it. The expected packets are computed from scratch.
// (CHECKSUM_PARTIAL cannot be made here: tests/netns.)
#include <random>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/neighbours.h"

namespace fairlead::testing {
namespace {

class Translation : public ::testing::TestWithParam<Family> {
 protected:
  Service Serve(Protocol protocol) {
    const auto number = static_cast<uint8_t>(protocol);
    return node_.AddService(ProtocolName(number), {80, protocol}, {backend_.On(8080)});
  }
  // First, reply, and established packets, both ways.
  void ExpectTranslated(const Packet& request, const Service& service) {
    const Packet forwarded = request.To(backend_.On(8080));
    const Packet first = request.protocol() == 6 ? request.Syn() : request;
    const Packet reply = request.protocol() == 6 ? forwarded.Reply().SynAck() : forwarded.Reply();
    const Packet established = request.protocol() == 6 ? request.Ack() : request;
    EXPECT_THAT(node_.FromPod(client_, first), Delivers(first.To(backend_.On(8080)), backend_));
    EXPECT_THAT(node_.FromPod(backend_, reply), Delivers(reply.From(service.Front()), client_));
    for (int i = 0; i < 2; ++i) {
      EXPECT_THAT(node_.FromPod(client_, established),
                  Delivers(established.To(backend_.On(8080)), backend_));
      EXPECT_THAT(node_.FromPod(backend_, reply.Flags(kAck)),
                  Delivers(reply.Flags(kAck).From(service.Front()), client_));
    }
    EXPECT_THAT(node_, Remembers(request, forwarded));
  }

  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod backend_ = node_.AddPod("backend");
};

constexpr Protocol kProtocols[] = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};

TEST_P(Translation, EveryPayloadKeepsItsChecksum) {
  for (const Protocol protocol : kProtocols) {
    const Service service = Serve(protocol);
    for (uint16_t bytes = 0; bytes < 40; ++bytes) {
      const auto port = static_cast<uint16_t>(1000 + bytes * 977);
      ExpectTranslated(
          Transported(protocol, client_.On(port), service.Front()).Payload(size_t{bytes}), service);
    }
  }
}

TEST_P(Translation, RandomPayloadsKeepTheirChecksums) {
  std::mt19937 random(2);
  for (const Protocol protocol : kProtocols) {
    const Service service = Serve(protocol);
    const Packet flow = Transported(protocol, client_.On(40000), service.Front());
    node_.FromPod(client_, flow.Syn());
    for (int i = 0; i < 300; ++i) {
      std::string text(random() % 1400, ' ');
      for (char& c : text) c = static_cast<char>(random());
      const Packet packet = flow.Ack().Sequence(static_cast<uint32_t>(random())).Payload(text);
      EXPECT_THAT(node_.FromPod(client_, packet), Delivers(packet.To(backend_.On(8080)), backend_));
    }
  }
}

TEST_P(Translation, TheDevicesSumOverThePacketIsKeptRight) {
  for (const Protocol protocol : kProtocols) {
    const Service service = Serve(protocol);
    for (const size_t bytes : {0U, 7U, 32U, 1200U}) {
      const auto port = static_cast<uint16_t>(2000 + bytes);
      ExpectTranslated(
          Transported(protocol, client_.On(port), service.Front()).Payload(bytes).SummedByDevice(),
          service);
    }
  }
}

TEST_P(Translation, TheDevicesSumIsKeptRightForAnEchoToTheWorld) {
  const Packet ping = Ping(client_.On(77), WorldAddress(GetParam(), 1)).SummedByDevice();
  const Hop hop = node_.FromPod(client_, ping);
  EXPECT_THAT(hop, SendsToWorld(ping.From(hop.Source())));
  EXPECT_THAT(node_.FromNetwork(ping.From(hop.Source()).Reply()), Delivers(ping.Reply(), client_));
}

TEST_P(Translation, UdpWithoutAChecksumStaysWithout) {
  const Service dns = Serve(Protocol::kUdp);
  ExpectTranslated(Udp(client_.On(40000), dns.Front()).WithoutChecksum(), dns);
}

TEST_P(Translation, TheDevicesSumIsKeptRightForUdpWithoutAChecksum) {
  const Service dns = Serve(Protocol::kUdp);
  ExpectTranslated(Udp(client_.On(40000), dns.Front()).WithoutChecksum().SummedByDevice(), dns);
}

// A computed checksum of zero is sent as all ones (RFC 768), also after the
// translation: some of 65536 payloads hit it.
TEST_P(Translation, AUdpChecksumNeverBecomesZero) {
  const Service dns = Serve(Protocol::kUdp);
  for (uint32_t value = 0; value < 65536; ++value) {
    const std::string text = {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
    const Packet query = Udp(client_.On(40000), dns.Front()).Payload(text);
    const Hop hop = node_.FromPod(client_, query);
    ASSERT_FALSE(hop.frame[hop.frame.size() - 4] == std::byte{0} &&
                 hop.frame[hop.frame.size() - 3] == std::byte{0})
        << value;
    ASSERT_EQ(WrongChecksums(hop.frame), "") << value;
  }
}

TEST_P(Translation, PacketsInSegmentsAreTranslatedOnce) {
  const Service web = Serve(Protocol::kTcp);
  const Packet flow = Tcp(client_.On(40000), web.Front()).Payload(2900).Segments(1000);
  ExpectTranslated(flow, web);
}

TEST_P(Translation, WindowScaleAndFlagsAreUntouched) {
  const Service web = Serve(Protocol::kTcp);
  const Packet syn = Tcp(client_.On(40000), web.Front()).Syn().WindowScale(7);
  EXPECT_THAT(node_.FromPod(client_, syn), Delivers(syn.To(backend_.On(8080)), backend_));
  const Packet odd = Tcp(client_.On(40000), web.Front()).Flags(0xfa);
  EXPECT_THAT(node_.FromPod(client_, odd), Delivers(odd.To(backend_.On(8080)), backend_));
}

TEST_P(Translation, AFrameLongerThanItsPacketIsTranslatedToo) {
  const Service web = Serve(Protocol::kTcp);
  const Packet request = Tcp(client_.On(40000), web.Front()).Syn().Padded(6);
  EXPECT_THAT(node_.FromPod(client_, request), Delivers(request.To(backend_.On(8080)), backend_));
  const Service diameter = Serve(Protocol::kSctp);
  const Packet init = Sctp(client_.On(40000), diameter.Front()).Padded(6);
  EXPECT_THAT(node_.FromPod(client_, init), Delivers(init.To(backend_.On(8080)), backend_));
}

FAIRLEAD_BOTH_FAMILIES(Translation);

using TranslationOfIpv4 = Translation;

TEST_P(TranslationOfIpv4, OptionsAreSteppedOver) {
  for (const Protocol protocol : kProtocols) {
    const Service service = Serve(protocol);
    for (const size_t words : {1U, 5U, 10U}) {
      const auto port = static_cast<uint16_t>(100 + words);
      ExpectTranslated(
          Transported(protocol, client_.On(port), service.Front()).IpOptions(words).Payload("x"),
          service);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Alone, TranslationOfIpv4, ::testing::Values(Family::kIpv4), FamilyOfTest);

using TranslationOfIpv6 = Translation;

TEST_P(TranslationOfIpv6, ExtensionHeadersAreSteppedOver) {
  for (const Protocol protocol : kProtocols) {
    const Service service = Serve(protocol);
    uint16_t port = 100;
    const Packet plain = Transported(protocol, client_.On(port), service.Front()).Payload("x");
    for (const Packet& packet :
         {plain.Behind(kHopByHop), plain.Behind(kRouting, 3), plain.Behind(kDestination, 2),
          plain.Behind(kAtomicFragment),
          plain.Behind(kHopByHop).Behind(kDestination).Behind(kRouting).Behind(kAtomicFragment)}) {
      ExpectTranslated(packet.From(client_.On(++port)), service);
      ExpectTranslated(packet.From(client_.On(++port)).SummedByDevice(), service);
    }
  }
}

// ARP has no checksum, so nobody asks for its sum; resets and ICMP answers are of another length
// than what they answer, and the kernel forgets the sum.
TEST_P(TranslationOfIpv6, TheDevicesSumIsKeptRightInTheGatewaysAnswer) {
  const Packet request = NeighbourRequest(client_, GatewayAddress(GetParam()));
  EXPECT_THAT(node_.FromPod(client_, request.SummedByDevice()),
              Answers(NeighbourReply(client_), client_));
}

INSTANTIATE_TEST_SUITE_P(Alone, TranslationOfIpv6, ::testing::Values(Family::kIpv6), FamilyOfTest);

}  // namespace
}  // namespace fairlead::testing
