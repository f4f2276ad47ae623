// SPDX-License-Identifier: Apache-2.0
//
//   client ──(1) to the Service──▶ [from_guest] ──(2) to web──▶ bridge ──▶ [to_guest] ──▶ web
//   client ◀─(4) from the Service─ [to_guest] ◀── bridge ◀──(3) from web── [from_guest] ◀── web
//
// Promise, with --mode proxy: pods of another network have Services. Between client and
// backend everything sees the same two addresses in both directions, and what is no
// Service's passes untouched.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kNodePort = 30080;

NodeOptions WithGuests() {
  NodeOptions options;
  options.hooks.guests = true;
  return options;
}

class Guests : public ::testing::TestWithParam<Family> {
 protected:
  Endpoint Elsewhere() const { return {PodAddress(GetParam(), 7, 1), 8080}; }
  Service Web(const std::vector<Endpoint>& endpoints, Port port = TcpPort(80)) {
    return node_.AddService({.name = "web", .vip = {}, .port = port, .node_port = kNodePort},
                            endpoints);
  }

  Node node_{GetParam(), WithGuests()};
  Pod client_ = node_.AddGuest("client");
  Pod web_ = node_.AddGuest("web");
};

TEST_P(Guests, ReachABackendOnTheSameBridge) {
  const Service web = Web({web_.On(8080)});
  const Packet request = Tcp(client_.On(40000), web.Front());
  const Packet onward = request.To(web_.On(8080));
  EXPECT_THAT(node_.FromGuest(client_, request.Syn()), PassesToStack(onward.Syn()));
  EXPECT_THAT(node_.ToGuest(web_, onward.Syn()), LeavesAlone(onward.Syn()));
  EXPECT_THAT(node_.FromGuest(web_, onward.Reply().SynAck()), LeavesAlone(onward.Reply().SynAck()));
  EXPECT_THAT(node_.ToGuest(client_, onward.Reply().SynAck()), LetsIn(request.Reply().SynAck()));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(node_.FromGuest(client_, request.Ack().Payload(100)),
                PassesToStack(onward.Ack().Payload(100)));
    EXPECT_THAT(node_.FromGuest(web_, onward.Reply().Ack().Payload(700)),
                LeavesAlone(onward.Reply().Ack().Payload(700)));
    EXPECT_THAT(node_.ToGuest(client_, onward.Reply().Ack().Payload(700)),
                LetsIn(request.Reply().Ack().Payload(700)));
  }
  EXPECT_THAT(node_, Remembers(request, onward));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(Guests, ReachABackendElsewhereAndTheUplinkLeavesItsAnswersAlone) {
  const Service dns = Web({Elsewhere()}, UdpPort(53));
  const Packet query = Udp(client_.On(40000), dns.Front());
  const Packet onward = query.To(Elsewhere());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromGuest(client_, query), PassesToStack(onward));
    EXPECT_THAT(node_.FromNetwork(onward.Reply()), LeavesAlone(onward.Reply()));
    EXPECT_THAT(node_.ToGuest(client_, onward.Reply()), LetsIn(query.Reply()));
  }
  EXPECT_THAT(node_, Remembers(query, onward));
}

// Its own stack would refuse a packet from itself, and the host's one from the host.
TEST_P(Guests, ReachThemselves) {
  const Service web = Web({client_.On(8080)});
  const Packet request = Tcp(client_.On(40000), web.Front());
  const Hop hop = node_.FromGuest(client_, request.Syn());
  EXPECT_EQ(hop.Source().address, node_.address());
  const Packet back = request.From(hop.Source()).To(client_.On(8080));
  EXPECT_THAT(hop, Delivers(back.Syn(), client_));
  EXPECT_THAT(node_.FromGuest(client_, back.Reply().SynAck()),
              Delivers(request.Reply().SynAck(), client_));
  EXPECT_THAT(node_.FromGuest(client_, request.Ack().Payload(9)),
              Delivers(back.Ack().Payload(9), client_));
  EXPECT_THAT(node_.FromGuest(client_, back.Reply().Ack().Payload(9)),
              Delivers(request.Reply().Ack().Payload(9), client_));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(Guests, AreReachedFromOutsideAndSeeTheClient) {
  Web({web_.On(8080)});
  const Packet request = Tcp(node_.World(1, 40000), node_.On(kNodePort));
  const Packet onward = request.To(web_.On(8080));
  EXPECT_THAT(node_.FromNetwork(request.Syn()), PassesToStack(onward.Syn()));
  EXPECT_THAT(node_.ToGuest(web_, onward.Syn()), LeavesAlone(onward.Syn()));
  EXPECT_THAT(node_.FromGuest(web_, onward.Reply().SynAck()), LeavesAlone(onward.Reply().SynAck()));
  EXPECT_THAT(node_.ToNetwork(onward.Reply().SynAck()), LeavesTranslated(request.Reply().SynAck()));
  EXPECT_THAT(node_.FromNetwork(request.Ack()), PassesToStack(onward.Ack()));
  EXPECT_THAT(node_.FromGuest(web_, onward.Reply().Ack()), LeavesAlone(onward.Reply().Ack()));
  EXPECT_THAT(node_.ToNetwork(onward.Reply().Ack()), LeavesTranslated(request.Reply().Ack()));
  EXPECT_THAT(node_, Remembers(request, onward));
}

TEST_P(Guests, ElsewhereSeeTheNodeWhenReachedFromOutside) {
  Web({Elsewhere()});
  const Packet request = Tcp(node_.World(1, 40000), node_.On(kNodePort));
  const Hop hop = node_.FromNetwork(request.Syn());
  EXPECT_EQ(hop.Source().address, node_.address());
  const Packet onward = request.From(hop.Source()).To(Elsewhere());
  EXPECT_THAT(hop, SendsToWorld(onward.Syn()));
  EXPECT_THAT(node_.FromNetwork(onward.Reply().SynAck()), SendsToWorld(request.Reply().SynAck()));
}

TEST_P(Guests, AreRefusedWithoutEndpointsAndWithoutThePort) {
  const Service web = Web({});
  for (const auto& [port, reason] :
       {std::pair{80, DROP_NO_BACKEND}, {81, DROP_NO_SUCH_SERVICE_PORT}}) {
    const Packet request =
        Tcp(client_.On(40000), {web.vip, static_cast<uint16_t>(port)}).Syn().Sequence(1000);
    EXPECT_THAT(
        node_.FromGuest(client_, request),
        Answers(request.Reply().Flags(kRst | kAck).Sequence(0, 1001).Window(0), client_, reason));
  }
}

TEST_P(Guests, AreToldThatTheirBackendIsGone) {
  const Service web = Web({web_.On(8080)});
  const Packet request = Tcp(client_.On(40000), web.Front());
  const Packet onward = request.To(web_.On(8080));
  node_.FromGuest(client_, request.Syn());
  node_.ToGuest(client_, onward.Reply().SynAck());
  node_.SetEndpoints(web, {Elsewhere()});
  EXPECT_EQ(node_.FromGuest(client_, request.Ack().Payload(5)).reason, DROP_BACKEND_GONE);
  const Packet again = Tcp(client_.On(40001), web.Front());
  EXPECT_THAT(node_.FromGuest(client_, again.Syn()), PassesToStack(again.To(Elsewhere()).Syn()));
}

TEST_P(Guests, KeepAllThatIsNoServices) {
  const Service web = Web({web_.On(8080)});
  const Packet direct = Tcp(client_.On(40000), web_.On(8080));
  EXPECT_THAT(node_.FromGuest(client_, direct.Syn()), LeavesAlone(direct.Syn()));
  EXPECT_THAT(node_.ToGuest(web_, direct.Syn()), LeavesAlone(direct.Syn()));
  EXPECT_THAT(node_.FromGuest(web_, direct.Reply().SynAck()), LeavesAlone(direct.Reply().SynAck()));
  EXPECT_THAT(node_.ToGuest(client_, direct.Reply().SynAck()),
              LeavesAlone(direct.Reply().SynAck()));
  const Packet world = Udp(client_.On(40000), node_.World(1, 80));
  EXPECT_THAT(node_.FromGuest(client_, world), LeavesAlone(world));
  EXPECT_THAT(node_.ToGuest(client_, world.Reply()), LeavesAlone(world.Reply()));
  EXPECT_THAT(node_, HasNoDrops());
  EXPECT_EQ(node_.FlowCount(), 0u);
}

// --adopt-kube-proxy: conntrack knows where it goes.
TEST_P(Guests, KeepAnotherProxysConnections) {
  NodeOptions options = WithGuests();
  options.hooks.strangers = true;
  Node node(GetParam(), options);
  const Pod client = node.AddGuest("client"), web = node.AddGuest("web");
  const Service service = node.AddService("web", TcpPort(80), {web.On(8080)});
  const Packet under_way = Tcp(client.On(40000), service.Front());
  EXPECT_THAT(node.FromGuest(client, under_way.Ack()), LeavesAlone(under_way.Ack()));
  EXPECT_THAT(node.FromGuest(client, under_way.Syn()),
              PassesToStack(under_way.To(web.On(8080)).Syn()));
}

FAIRLEAD_BOTH_FAMILIES(Guests);

}  // namespace
}  // namespace fairlead::testing
