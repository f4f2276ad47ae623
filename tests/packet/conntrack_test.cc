// SPDX-License-Identifier: Apache-2.0
//
//   first packet ──▶ half-open ──(proved)──▶ flow object ──(over)──▶ forgotten
//
// Promise: a conversation is remembered for as long as it can go on, and not
// longer; nothing a stranger sends makes it forgotten.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// A TCP connection through a service, so that being forgotten shows: an unknown
// flow gets the backend that the service has by then.
class TcpConnection : public ::testing::TestWithParam<Family> {
 protected:
  void Open(uint8_t client_scale = 0, uint8_t backend_scale = 0) {
    node_.FromPod(client_, ToWeb().Syn().Sequence(1000).WindowScale(client_scale));
    node_.FromPod(backend_, ToClient().SynAck().Sequence(5000, 1001).WindowScale(backend_scale));
    node_.FromPod(client_, ToWeb().Ack().Sequence(1001, 5001).Window(1000));
    node_.FromPod(backend_, ToClient().Ack().Sequence(5001, 1001).Window(2000));
  }
  Packet ToWeb() const { return Tcp(client_.On(40000), web_.Front()); }
  Packet Forwarded() const { return ToWeb().To(backend_.On(8080)); }
  Packet ToClient() const { return Forwarded().Reply(); }
  // From now on the service has another backend; `backend_` stays its own.
  bool IsForgotten() {
    node_.FromPod(client_, ToWeb().Ack().Sequence(1001, 5001).Window(1000));
    return !node_.FindFlow(ToWeb()).has_value();
  }

  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod backend_ = node_.AddPod("backend");
  Pod other_ = node_.AddPod("other");
  Service web_ = node_.AddService("web", TcpPort(80), {backend_.On(8080)});
};

TEST_P(TcpConnection, AnUnansweredSynIsRememberedForAMinute) {
  node_.FromPod(client_, ToWeb().Syn());
  node_.TimePasses(seconds(58));
  EXPECT_THAT(node_.FromPod(backend_, ToClient().SynAck()),
              Delivers(ToClient().SynAck().From(web_.Front()), client_));
}

TEST_P(TcpConnection, ASynAckThatComesTooLateIsDropped) {
  node_.FromPod(client_, ToWeb().Syn());
  node_.TimePasses(seconds(61));
  EXPECT_THAT(node_.FromPod(backend_, ToClient().SynAck()), Drops(DROP_NO_HANDSHAKE));
}

TEST_P(TcpConnection, ASynAckThatNobodyAskedForIsDropped) {
  EXPECT_THAT(node_.FromPod(backend_, Tcp(backend_.On(80), client_.On(1)).SynAck()),
              Drops(DROP_NO_HANDSHAKE));
  EXPECT_THAT(node_.FromNetwork(Tcp(node_.World(1, 80), client_.On(1)).SynAck()),
              Drops(DROP_NO_HANDSHAKE));
}

TEST_P(TcpConnection, A11_58_an_established_one_lives_a_day_of_silence) {
  Open();
  node_.TimePasses(hours(24) - seconds(5));
  EXPECT_FALSE(IsForgotten());
  node_.TimePasses(hours(24) + seconds(1));
  EXPECT_TRUE(IsForgotten());
}

TEST_P(TcpConnection, EitherSideKeepsItAlive) {
  Open();
  for (int i = 0; i < 3; ++i) {
    node_.TimePasses(hours(20));
    node_.FromPod(backend_, ToClient().Ack());
  }
  EXPECT_FALSE(IsForgotten());
}

TEST_P(TcpConnection, A11_58_E12_a_half_closed_one_lives_an_hour) {
  Open();
  node_.FromPod(client_, ToWeb().Fin());
  node_.TimePasses(hours(1) - seconds(5));
  EXPECT_FALSE(IsForgotten());
  node_.TimePasses(hours(1) + seconds(1));
  EXPECT_TRUE(IsForgotten());
}

TEST_P(TcpConnection, OneClosedBothWaysLivesTenSeconds) {
  Open();
  node_.FromPod(client_, ToWeb().Fin());
  node_.FromPod(backend_, ToClient().Fin());
  node_.TimePasses(seconds(8));
  EXPECT_FALSE(IsForgotten());
  node_.TimePasses(seconds(11));
  EXPECT_TRUE(IsForgotten());
}

TEST_P(TcpConnection, ANewSynOnAClosingTupleStartsAnew) {
  Open();
  node_.FromPod(client_, ToWeb().Fin());
  node_.SetEndpoints(web_, {backend_.On(8080), other_.On(8080)});
  node_.SetEndpoints(web_, {other_.On(8080)});
  const Packet syn = ToWeb().Syn();
  EXPECT_THAT(node_.FromPod(client_, syn), Delivers(syn.To(other_.On(8080)), other_));
  EXPECT_THAT(node_, RemembersHalfOpen(syn, syn.To(other_.On(8080))));
}

TEST_P(TcpConnection, ANewSynOnALivingTupleBelongsToIt) {
  Open();
  EXPECT_THAT(node_.FromPod(client_, ToWeb().Syn()), Delivers(Forwarded().Syn(), backend_));
  EXPECT_THAT(node_, Remembers(ToWeb(), Forwarded()));
}

TEST_P(TcpConnection, AForgedFinDoesNotOpenItsTupleToANewSyn) {
  for (const uint32_t sequence : {0U, 999U, 3002U, 1001U + 0x80000000U}) {
    Open();
    const Packet forged = ToWeb().Fin().Sequence(sequence, 5001).Window(1000);
    EXPECT_THAT(node_.FromPod(client_, forged), Delivers(forged.To(backend_.On(8080)), backend_));
    EXPECT_THAT(node_.FromPod(client_, ToWeb().Syn()), Delivers(Forwarded().Syn(), backend_));
    EXPECT_THAT(node_, Remembers(ToWeb(), Forwarded())) << sequence;
  }
}

// The last number that the other end takes may be the FIN's, with or without data before it,
// and one that was acknowledged already may come once more.
TEST_P(TcpConnection, AFinInsideTheWindowIsBelieved) {
  const Packet fin = ToWeb().Fin().Window(1000);
  for (const Packet& last :
       {fin.Sequence(1001, 5001), fin.Sequence(3001, 5001), fin.Sequence(1000, 5001),
        fin.Sequence(2501, 5001).Payload(500), fin.Sequence(901, 5001).Payload(100),
        fin.Sequence(801, 5001).Payload(1200)}) {
    Open();
    node_.FromPod(client_, last);
    EXPECT_THAT(node_.FromPod(client_, ToWeb().Syn()), Delivers(Forwarded().Syn(), backend_));
    EXPECT_FALSE(node_.FindFlow(ToWeb()).has_value());
  }
  Open();
  node_.FromPod(client_, fin.Sequence(2501, 5001).Payload(501));
  node_.FromPod(client_, ToWeb().Syn());
  EXPECT_TRUE(node_.FindFlow(ToWeb()).has_value());
}

// Of a connection whose handshake we missed the scale is not known.
TEST_P(TcpConnection, AFinOfOneSeenFromTheMiddleIsBelieved) {
  node_.FromPod(client_, ToWeb().Ack().Sequence(1001, 5001).Window(1000));
  node_.FromPod(backend_, ToClient().Ack().Sequence(5001, 1001).Window(2000));
  node_.FromPod(client_, ToWeb().Fin().Sequence(1001 + (2000 << 14), 5001));
  node_.FromPod(client_, ToWeb().Syn());
  EXPECT_FALSE(node_.FindFlow(ToWeb()).has_value());
}

TEST_P(TcpConnection, AResetInsideTheWindowEndsIt) {
  for (const uint32_t sequence : {5001U, 6001U}) {
    Open();
    const Packet reset = ToClient().Reset().Sequence(sequence);
    EXPECT_THAT(node_.FromPod(backend_, reset), Delivers(reset.From(web_.Front()), client_));
    node_.TimePasses(seconds(11));
    EXPECT_TRUE(IsForgotten()) << sequence;
    node_.TimePasses(hours(25));
  }
}

TEST_P(TcpConnection, A11_57_a_reset_outside_the_window_is_forwarded_and_not_believed) {
  Open();
  for (const uint32_t sequence : {0U, 5000U, 6002U, 5001U + 0x80000000U}) {
    const Packet reset = ToClient().Reset().Sequence(sequence);
    EXPECT_THAT(node_.FromPod(backend_, reset), Delivers(reset.From(web_.Front()), client_));
  }
  node_.TimePasses(seconds(11));
  EXPECT_FALSE(IsForgotten());
}

TEST_P(TcpConnection, TheWindowIsScaledAsTheHandshakeSaid) {
  Open(3, 7);
  node_.FromPod(backend_, ToClient().Reset().Sequence(5001 + (1000 << 3) + 1));
  node_.TimePasses(seconds(11));
  EXPECT_FALSE(IsForgotten());
  node_.FromPod(backend_, ToClient().Reset().Sequence(5001 + (1000 << 3)));
  node_.TimePasses(seconds(11));
  EXPECT_TRUE(IsForgotten());
}

TEST_P(TcpConnection, TheWindowIsNotScaledUnlessBothEndsOfferIt) {
  node_.FromPod(client_, ToWeb().Syn().Sequence(1000).WindowScale(7));
  node_.FromPod(backend_, ToClient().SynAck().Sequence(5000, 1001));
  node_.FromPod(client_, ToWeb().Ack().Sequence(1001, 5001).Window(1000));
  node_.FromPod(backend_, ToClient().Reset().Sequence(6002));
  node_.TimePasses(seconds(11));
  EXPECT_FALSE(IsForgotten());
}

TEST_P(TcpConnection, ARefusedSynChoosesAnewNextTime) {
  node_.FromPod(client_, ToWeb().Syn());
  const Packet refusal = ToClient().Flags(kRst | kAck);
  EXPECT_THAT(node_.FromPod(backend_, refusal), Delivers(refusal.From(web_.Front()), client_));
  node_.SetEndpoints(web_, {backend_.On(8080), other_.On(8080)});
  node_.SetEndpoints(web_, {other_.On(8080)});
  EXPECT_THAT(node_.FromPod(client_, ToWeb().Syn()),
              Delivers(ToWeb().Syn().To(other_.On(8080)), other_));
}

FAIRLEAD_BOTH_FAMILIES(TcpConnection);

class UdpConversation : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod backend_ = node_.AddPod("backend");
  Service dns_ = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  Packet query_ = Udp(client_.On(40000), dns_.Front());
  Packet forwarded_ = query_.To(backend_.On(5353));
};

TEST_P(UdpConversation, AQueryAndItsAnswerNeverTouchTheBigTable) {
  for (uint16_t port = 1; port <= 50; ++port) {
    node_.FromPod(client_, query_.From(client_.On(port)));
    node_.FromPod(backend_, forwarded_.From(client_.On(port)).Reply());
  }
  EXPECT_EQ(node_.FlowCount(), 0U);
}

TEST_P(UdpConversation, ItIsPromotedOnlyWhenTheClientSpeaksAgainAfterAReply) {
  node_.FromPod(client_, query_);
  node_.FromPod(client_, query_);
  EXPECT_THAT(node_, RemembersHalfOpen(query_, forwarded_));
  node_.FromPod(backend_, forwarded_.Reply());
  node_.FromPod(backend_, forwarded_.Reply());
  EXPECT_THAT(node_, RemembersHalfOpen(query_, forwarded_));
  node_.FromPod(client_, query_);
  EXPECT_THAT(node_, Remembers(query_, forwarded_));
}

TEST_P(UdpConversation, BeforeItIsOneItLivesHalfAMinute) {
  node_.FromPod(client_, query_);
  node_.TimePasses(seconds(28));
  EXPECT_THAT(node_.FromPod(backend_, forwarded_.Reply()),
              Delivers(forwarded_.Reply().From(dns_.Front()), client_));
  node_.TimePasses(seconds(31));
  EXPECT_THAT(node_.FromPod(backend_, forwarded_.Reply()), Delivers(forwarded_.Reply(), client_));
}

TEST_P(UdpConversation, OnceItIsOneItLivesTwoMinutes) {
  node_.FromPod(client_, query_);
  node_.FromPod(backend_, forwarded_.Reply());
  node_.FromPod(client_, query_);
  node_.TimePasses(seconds(118));
  node_.FromPod(client_, query_);
  EXPECT_THAT(node_, Remembers(query_, forwarded_));
  node_.TimePasses(seconds(121));
  node_.FromPod(client_, query_);
  EXPECT_THAT(node_, RemembersHalfOpen(query_, forwarded_));
}

TEST_P(UdpConversation, OneThatOnlyEverSpeaksIsRememberedAsLongAsItDoes) {
  const Pod other = node_.AddPod("other");
  node_.FromPod(client_, query_);
  node_.SetEndpoints(dns_, {backend_.On(5353), other.On(5353)});
  for (int i = 0; i < 20; ++i) {
    node_.TimePasses(seconds(20));
    EXPECT_THAT(node_.FromPod(client_, query_), Delivers(forwarded_, backend_));
  }
  EXPECT_THAT(node_.FromPod(backend_, forwarded_.Reply()),
              Delivers(forwarded_.Reply().From(dns_.Front()), client_));
}

FAIRLEAD_BOTH_FAMILIES(UdpConversation);

}  // namespace
}  // namespace fairlead::testing
