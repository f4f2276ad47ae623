// SPDX-License-Identifier: Apache-2.0
//
//   outside ──▶ node:30080 ═══ kube-proxy: DNAT, masqueraded as node:50000 ═══▶ web:8080
//
// Promise: a connection of another proxy that was adopted goes on as it was,
// both ways, with the packet in its middle that comes next.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

using std::chrono::hours;

class AdoptedConnection : public ::testing::TestWithParam<Family> {
 protected:
  Service Serve(const std::vector<Endpoint>& endpoints) {
    return node_.AddService({.name = "web", .vip = {}, .port = TcpPort(80), .node_port = 30080},
                            endpoints);
  }
  void ExpectAdopted(uint32_t made, uint32_t known) {
    const absl::StatusOr<apply::ImportReport> report = node_.Adopt(request_, inside_);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->made, made);
    EXPECT_EQ(report->known, known);
  }
  void ExpectGoesOn() {
    EXPECT_THAT(node_.FromNetwork(request_.Ack()), Delivers(inside_.Ack(), web_));
    EXPECT_THAT(node_.FromPod(web_, inside_.Reply().Ack()), SendsToWorld(request_.Reply().Ack()));
  }

  Node node_{GetParam()};
  Pod web_ = node_.AddPod("web");
  Pod other_ = node_.AddPod("other");
  const Packet request_ = Tcp(node_.World(1, 40000), node_.On(30080));
  const Packet inside_ = request_.From(node_.On(50000)).To(web_.On(8080));
};

TEST_P(AdoptedConnection, GoesOnWithItsNextPacket) {
  ExpectAdopted(1, 0);
  Serve({other_.On(8080)});
  ExpectGoesOn();
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(AdoptedConnection, OfUdpGoesOn) {
  const Packet request = Udp(node_.World(1, 40000), node_.On(30053));
  const Packet inside = request.To(web_.On(5353));  // not masqueraded
  ASSERT_TRUE(node_.Adopt(request, inside).ok());
  EXPECT_THAT(node_.FromNetwork(request), Delivers(inside, web_));
  EXPECT_THAT(node_.FromPod(web_, inside.Reply()), SendsToWorld(request.Reply()));
}

TEST_P(AdoptedConnection, MayBeIdleForHours) {
  ExpectAdopted(1, 0);
  node_.TimePasses(hours(23));
  ExpectGoesOn();
}

TEST_P(AdoptedConnection, IsAdoptedOnce) {
  ExpectAdopted(1, 0);
  ExpectAdopted(0, 1);
  EXPECT_EQ(node_.FlowCount(), 1u);
  ExpectGoesOn();
}

TEST_P(AdoptedConnection, LearnsItsBackendOnceThatIsServed) {
  ExpectAdopted(1, 0);
  const Service web = Serve({web_.On(8080), other_.On(8080)});
  ExpectAdopted(0, 1);
  ExpectGoesOn();
  // It goes with its backend, as any other flow.
  node_.SetEndpoints(web, {other_.On(8080)});
  node_.FromNetwork(request_.Ack());
  EXPECT_EQ(node_.FindFlow(request_), std::nullopt);
}

TEST_P(AdoptedConnection, ReplacesWhatTheHostsStackHadOfIt) {
  node_.ToPod(web_, inside_.Syn());
  EXPECT_THAT(node_.FromPod(web_, inside_.Reply().SynAck()),
              PassesToStack(inside_.Reply().SynAck()));
  node_.ToPod(web_, inside_.Ack());
  ASSERT_EQ(node_.FlowCount(), 1u);
  ExpectAdopted(1, 0);
  EXPECT_EQ(node_.FlowCount(), 1u);
  ExpectGoesOn();
}

TEST_P(AdoptedConnection, EndsAsAnyOther) {
  ExpectAdopted(1, 0);
  ExpectGoesOn();
  node_.FromNetwork(request_.Fin());
  node_.FromPod(web_, inside_.Reply().Fin());
  node_.TimePasses(std::chrono::seconds(11));
  node_.FromNetwork(request_.Ack());
  EXPECT_EQ(node_.FindFlow(request_), std::nullopt);
}

TEST_P(AdoptedConnection, FindsNoRoomInAFullTable) {
  node_.FillFlowTable();
  EXPECT_FALSE(node_.Adopt(request_, inside_).ok());
  EXPECT_EQ(node_.FindFlow(request_), std::nullopt);
}

FAIRLEAD_BOTH_FAMILIES(AdoptedConnection);

}  // namespace
}  // namespace fairlead::testing
