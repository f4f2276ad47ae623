// SPDX-License-Identifier: Apache-2.0
//
// Promise: what is sent to an address of Services that does not lead anywhere is
// refused where a Service lives, dropped where none does, and never leaves the
// node. Only new flows are judged; the host's other ports are not touched.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class ServiceAddresses : public ::testing::TestWithParam<Family> {
 protected:
  Hop Send(const Packet& packet) { return node_.FromPod(client_, packet); }
  Packet Syn(const Endpoint& to) { return Tcp(client_.On(40000), to).Syn(); }

  Node node_{GetParam()};
  Pod web_ = node_.AddPod("web");
  Pod client_ = node_.AddPod("client");
};

TEST_P(ServiceAddresses, A5_24_aPortThatAServiceDoesNotHaveIsRefused) {
  const Service web = node_.AddService("web", TcpPort(80), {web_.On(80)});
  EXPECT_EQ(Send(Syn({web.vip, 81})).reason, DROP_NO_SUCH_SERVICE_PORT);
  EXPECT_EQ(Send(Udp(client_.On(1), web.Front())).reason, DROP_NO_SUCH_SERVICE_PORT);
  // Other protocols, too, and ICMP echo does not go round in circles.
  const Hop ping = Send(Ping(client_.On(7), web.vip));
  EXPECT_EQ(ping.reason, DROP_NO_SUCH_SERVICE_PORT);
  EXPECT_EQ(Send(Syn(web.Front())).Destination(), web_.On(80));
}

TEST_P(ServiceAddresses, A5_24_anAddressOfAServiceCidrThatNobodyHasIsDropped) {
  const Service web = node_.AddService("web", TcpPort(80), {web_.On(80)});
  const IpAddress nobody = ServiceAddress(GetParam(), 200);
  EXPECT_EQ(Send(Syn({nobody, 80})).action, Send(Syn(node_.World(3, 80))).action);
  node_.SetServiceCidrs({Cidr::Make(nobody, 24)});
  EXPECT_THAT(Send(Tcp(client_.On(41000), {nobody, 80}).Syn()), Drops(DROP_NO_SUCH_SERVICE));
  EXPECT_EQ(Send(Tcp(client_.On(41001), web.Front()).Syn()).Destination(), web_.On(80));
}

TEST_P(ServiceAddresses, A1_4_serviceCidrsChangeLive) {
  const Endpoint nobody{ServiceAddress(GetParam(), 200), 80};
  node_.SetServiceCidrs({Cidr::Make(nobody.address, 24)});
  EXPECT_THAT(Send(Syn(nobody)), Drops(DROP_NO_SUCH_SERVICE));
  node_.SetServiceCidrs({});
  EXPECT_NE(Send(Syn(nobody)).reason, uint32_t{DROP_NO_SUCH_SERVICE});
}

TEST_P(ServiceAddresses, A5_24_onlyNewFlowsAreJudged) {
  const Endpoint server{ServiceAddress(GetParam(), 200), 80};
  const Packet request = Tcp(client_.On(40000), server);
  const Hop out = Send(request.Syn());
  node_.FromNetwork(request.From(out.Source()).Reply().SynAck());
  Send(request.Ack());
  node_.SetServiceCidrs({Cidr::Make(server.address, 24)});
  EXPECT_EQ(Send(request.Ack().Payload(10)).action, out.action);
}

TEST_P(ServiceAddresses, A5_25_otherPortsOfExternalAddressesAreNotTouched) {
  const IpAddress external = Ip(GetParam(), "192.0.2.250", "2001:db8:250::1");
  node_.AddService({.name = "web",
                    .vip = {},
                    .port = TcpPort(80),
                    .node_port = 30080,
                    .external_ips = {external}},
                   {});
  EXPECT_EQ(Send(Syn({external, 80})).reason, DROP_NO_BACKEND);
  EXPECT_EQ(Send(Tcp(client_.On(2), {external, 81}).Syn()).action,
            Send(Tcp(client_.On(3), node_.World(3, 81)).Syn()).action);
  const Packet to_node = Tcp(client_.On(4), node_.On(30081)).Syn();
  EXPECT_THAT(Send(to_node), PassesToStack(to_node));
}

TEST_P(ServiceAddresses, A5_24_holdsForWhoComesFromOutside) {
  const Service web = node_.AddService("web", TcpPort(80), {web_.On(80)});
  node_.SetServiceCidrs({Cidr::Make(web.vip, 24)});
  const Packet other_port = Tcp(node_.World(1, 40000), Endpoint{web.vip, 81}).Syn();
  EXPECT_THAT(node_.FromNetwork(other_port),
              AnswersOnTheWire(other_port.Reply().Flags(kRst | kAck).Sequence(0, 1001).Window(0),
                               DROP_NO_SUCH_SERVICE_PORT));
  EXPECT_EQ(node_.FromNetwork(Ping(node_.World(1, 7), web.vip)).reason, DROP_NO_SUCH_SERVICE_PORT);
  const Endpoint nobody{ServiceAddress(GetParam(), 200), 80};
  EXPECT_THAT(node_.FromNetwork(Tcp(node_.World(1, 40001), nobody).Syn()),
              Drops(DROP_NO_SUCH_SERVICE));
  const Packet request = Tcp(node_.World(1, 40002), web.Front()).Syn();
  EXPECT_THAT(node_.FromNetwork(request), Delivers(request.To(web_.On(80)), web_));
}

TEST_P(ServiceAddresses, A5_24_theLastPortOfAServiceTakesItsAddressWithIt) {
  const Service web = node_.AddService("web", TcpPort(80), {web_.On(80)});
  node_.RemoveService(web);
  EXPECT_NE(Send(Syn({web.vip, 81})).reason, uint32_t{DROP_NO_SUCH_SERVICE_PORT});
}

FAIRLEAD_BOTH_FAMILIES(ServiceAddresses);

}  // namespace
}  // namespace fairlead::testing
