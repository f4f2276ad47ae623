// SPDX-License-Identifier: Apache-2.0
//
// Promise: a load balancer address with loadBalancerSourceRanges is for clients
// of those only; the Service's other frontends are for everybody.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class SourceRange : public ::testing::TestWithParam<Family> {
 protected:
  Service Web(const std::vector<Cidr>& ranges) {
    return {.name = "web",
            .vip = {},
            .port = TcpPort(80),
            .node_port = 30080,
            .external_ips = {Ip(GetParam(), "192.0.2.250", "2001:db8:250::1")},
            .load_balancer_ips = {vip_},
            .source_ranges = ranges};
  }
  Cidr Only(const Pod& pod) { return Cidr::Of(pod.address); }
  Hop Ask(const Pod& client, const Endpoint& front) {
    return node_.FromPod(client, Tcp(client.On(next_port_++), front).Syn());
  }

  Node node_{GetParam()};
  Pod web_ = node_.AddPod("web");
  Pod client_ = node_.AddPod("client");
  Pod other_ = node_.AddPod("other");
  IpAddress vip_ = Ip(GetParam(), "192.0.2.80", "2001:db8:80::1");
  uint16_t next_port_ = 40000;
};

TEST_P(SourceRange, A9_43_letsInWhoIsInItAndDropsTheOthers) {
  node_.AddService(Web({Only(client_)}), {web_.On(80)});
  EXPECT_EQ(Ask(client_, {vip_, 80}).Destination(), web_.On(80));
  EXPECT_THAT(Ask(other_, {vip_, 80}), Drops(DROP_SOURCE_NOT_ALLOWED));
}

TEST_P(SourceRange, A9_43_isNotForOtherFrontends) {
  const Service web = node_.AddService(Web({Only(client_)}), {web_.On(80)});
  for (const Endpoint& front : {web.Front(), node_.On(30080), Endpoint{web.external_ips[0], 80}}) {
    EXPECT_EQ(Ask(other_, front).Destination(), web_.On(80));
  }
}

TEST_P(SourceRange, A9_43_isForClientsOutsideToo) {
  const Endpoint allowed = node_.World(1, 40000), other = node_.World(2, 40000);
  node_.AddService(Web({Cidr::Of(allowed.address)}), {web_.On(80)});
  const Packet request = Tcp(allowed, Endpoint{vip_, 80}).Syn();
  EXPECT_THAT(node_.FromNetwork(request), Delivers(request.To(web_.On(80)), web_));
  EXPECT_THAT(node_.FromNetwork(Tcp(other, Endpoint{vip_, 80}).Syn()),
              Drops(DROP_SOURCE_NOT_ALLOWED));
}

TEST_P(SourceRange, A8_39_isNotForNodePortsFromOutsideEither) {
  node_.AddService(Web({Only(client_)}), {web_.On(80)});
  const Packet request = Tcp(node_.World(1, 40000), node_.On(30080)).Syn();
  EXPECT_THAT(node_.FromNetwork(request), Delivers(request.To(web_.On(80)), web_));
}

TEST_P(SourceRange, A9_43_ofTwoServicesAreTwo) {
  node_.AddService(Web({Only(client_)}), {web_.On(80)});
  Service second = Web({Only(other_)});
  second.name = "second";
  second.port = TcpPort(81);
  second.node_port = 30081;
  node_.AddService(second, {web_.On(81)});
  EXPECT_THAT(Ask(client_, {vip_, 81}), Drops(DROP_SOURCE_NOT_ALLOWED));
  EXPECT_EQ(Ask(other_, {vip_, 81}).Destination(), web_.On(81));
}

TEST_P(SourceRange, A9_43_isChangedLiveAndKnownFlowsGoOn) {
  Service web = node_.AddService(Web({Only(client_)}), {web_.On(80)});
  const Packet request = Tcp(client_.On(50000), Endpoint{vip_, 80});
  const Packet inside = request.To(web_.On(80));
  EXPECT_THAT(node_.FromPod(client_, request.Syn()), Delivers(inside.Syn(), web_));
  node_.FromPod(web_, inside.Reply().SynAck());
  web.source_ranges = {Only(other_)};
  node_.ChangeService(web);
  EXPECT_THAT(node_.FromPod(client_, request.Ack()), Delivers(inside.Ack(), web_));
  EXPECT_THAT(Ask(client_, {vip_, 80}), Drops(DROP_SOURCE_NOT_ALLOWED));
  EXPECT_EQ(Ask(other_, {vip_, 80}).Destination(), web_.On(80));
  web.source_ranges = {};
  node_.ChangeService(web);
  EXPECT_EQ(Ask(client_, {vip_, 80}).Destination(), web_.On(80));
}

FAIRLEAD_BOTH_FAMILIES(SourceRange);

}  // namespace
}  // namespace fairlead::testing
