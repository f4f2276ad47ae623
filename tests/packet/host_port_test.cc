// SPDX-License-Identifier: Apache-2.0
//
//   outside ──(1) to node:8080 ──▶ [from_network] ──(2) to web:80 ──▶ web
//   outside ◀─(4) from node:8080 ─ [from_pod] ◀──(3) from web:80 ──── web
//
// Promise: who speaks to a host port reaches the pod, which sees the client's
// own address; the rest of the host's ports stay the host's.
#include <sys/socket.h>

#include "base/socket_address.h"
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

class HostPort : public ::testing::TestWithParam<Family> {
 protected:
  // A socket of the host, on every address.
  UniqueFd Bind(int type, uint16_t port) {
    ScratchNetwork::Get();
    UniqueFd fd(::socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const SocketAddress address({IpAddress::Unspecified(Family::kIpv6), port});
    EXPECT_EQ(::bind(fd.get(), address.get(), address.size), 0);
    return fd;
  }
  void Connect(const UniqueFd& fd, const Endpoint& to) {
    const SocketAddress address({to.address.AsMapped(), to.port});
    ::connect(fd.get(), address.get(), address.size);
  }

  Node node_{GetParam()};
  Pod web_ = node_.AddPod("web");
  Pod client_ = node_.AddPod("client");
};

TEST_P(HostPort, TheWorldReachesThePodAndIsSeenAsItself) {
  node_.AddHostPort(web_, TcpPort(8080), 80);
  const Packet request = Tcp(node_.World(1, 40000), node_.On(8080));
  const Packet inside = request.To(web_.On(80));
  EXPECT_THAT(node_.FromNetwork(request.Syn()), Delivers(inside.Syn(), web_));
  EXPECT_THAT(node_.FromPod(web_, inside.Reply().SynAck()), SendsToWorld(request.Reply().SynAck()));
  EXPECT_THAT(node_.FromNetwork(request.Ack().Payload(900)),
              Delivers(inside.Ack().Payload(900), web_));
  EXPECT_THAT(node_.FromPod(web_, inside.Reply().Ack().Payload(900)),
              SendsToWorld(request.Reply().Ack().Payload(900)));
  EXPECT_THAT(node_, Remembers(request, inside));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(HostPort, UdpAndSctpToo) {
  node_.AddHostPort(web_, UdpPort(5353), 53);
  node_.AddHostPort(web_, SctpPort(38412), 38412);
  const Packet query = Udp(node_.World(1, 40000), node_.On(5353));
  const Packet association = Sctp(node_.World(1, 40000), node_.On(38412));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromNetwork(query), Delivers(query.To(web_.On(53)), web_));
    EXPECT_THAT(node_.FromPod(web_, query.To(web_.On(53)).Reply()), SendsToWorld(query.Reply()));
    EXPECT_THAT(node_.FromNetwork(association), Delivers(association.To(web_.On(38412)), web_));
  }
}

TEST_P(HostPort, AnotherNodeAndItsPodsReachIt) {
  const Peer peer = node_.AddPeer("there");
  node_.AddHostPort(web_, TcpPort(8080), 80);
  for (const Endpoint& from : {peer.On(40000), peer.Pod(1, 40000)}) {
    const Packet request = Tcp(from, node_.On(8080));
    const Packet inside = request.To(web_.On(80));
    EXPECT_THAT(node_.FromNetwork(request.Syn()), Delivers(inside.Syn(), web_));
    EXPECT_THAT(node_.FromPod(web_, inside.Reply().SynAck()),
                SendsToPeer(request.Reply().SynAck()));
  }
}

TEST_P(HostPort, APodOfThisNodeReachesIt) {
  node_.AddHostPort(web_, TcpPort(8080), 80);
  const Packet request = Tcp(client_.On(40000), node_.On(8080));
  const Packet inside = request.To(web_.On(80));
  EXPECT_THAT(node_.FromPod(client_, request.Syn()), Delivers(inside.Syn(), web_));
  EXPECT_THAT(node_.FromPod(web_, inside.Reply().SynAck()),
              Delivers(request.Reply().SynAck(), client_));
}

TEST_P(HostPort, APodReachesItselfAndSeesTheNode) {
  node_.AddHostPort(web_, TcpPort(8080), 80);
  const Packet request = Tcp(web_.On(40000), node_.On(8080)).Syn();
  const Hop hop = node_.FromPod(web_, request);
  EXPECT_EQ(hop.Source().address, node_.address());
  EXPECT_THAT(hop, Delivers(request.From(hop.Source()).To(web_.On(80)), web_));
}

TEST_P(HostPort, OfOneAddressIsOnThatOneOnly) {
  node_.AddHostPort(web_, TcpPort(8080), 80, node_.address());
  node_.AddHostPort(web_, TcpPort(8081), 80, Ip(GetParam(), "127.0.0.1", "::1"));
  const Packet request = Tcp(node_.World(1, 1), node_.On(8080)).Syn();
  EXPECT_THAT(node_.FromNetwork(request), Delivers(request.To(web_.On(80)), web_));
  const Packet other = Tcp(node_.World(1, 1), node_.On(8081)).Syn();
  EXPECT_THAT(node_.FromNetwork(other), LeavesAlone(other));
}

TEST_P(HostPort, AllElseStaysTheHosts) {
  node_.AddHostPort(web_, TcpPort(8080), 80);
  for (const Packet& packet :
       {Tcp(node_.World(1, 1), node_.On(8081)).Syn(), Udp(node_.World(1, 1), node_.On(8080)),
        // Not an address of the node.
        Tcp(node_.World(1, 1), node_.World(2, 8080)).Syn(),
        Ping(node_.World(1, 8080), node_.address())}) {
    EXPECT_THAT(node_.FromNetwork(packet), LeavesAlone(packet));
  }
  const Packet to_pod = Tcp(client_.On(1), web_.On(8080)).Syn();
  EXPECT_THAT(node_.FromPod(client_, to_pod), Delivers(to_pod, web_));
  const Packet to_world = Tcp(client_.On(1), node_.World(2, 8080)).Syn();
  EXPECT_EQ(node_.FromPod(client_, to_world).reason, VERDICT_TO_WORLD);
}

TEST_P(HostPort, GoesWithItsPod) {
  node_.AddHostPort(web_, TcpPort(8080), 80);
  const Packet request = Tcp(node_.World(1, 40000), node_.On(8080));
  node_.FromNetwork(request.Syn());
  node_.FromPod(web_, request.To(web_.On(80)).Reply().SynAck());
  node_.FromNetwork(request.Ack());
  const Packet local = Tcp(client_.On(1), node_.On(8080));
  node_.FromPod(client_, local.Syn());
  node_.FromPod(web_, local.To(web_.On(80)).Reply().SynAck());
  node_.RemovePod(web_);
  EXPECT_THAT(
      node_.FromNetwork(request.Ack().Sequence(1001, 5001)),
      AnswersOnTheWire(request.Reply().Reset().Sequence(5001).Window(0), DROP_BACKEND_GONE));
  EXPECT_THAT(node_.FromNetwork(request.Syn()), LeavesAlone(request.Syn()));
  EXPECT_THAT(node_.FromPod(client_, local.Ack().Sequence(1001, 5001)),
              Answers(local.Reply().Reset().Sequence(5001).Window(0), client_, DROP_BACKEND_GONE));
  EXPECT_THAT(node_.FromPod(client_, local.Syn()), PassesToStack(local.Syn()));
}

TEST_P(HostPort, MovesToTheNextPodThatWantsIt) {
  node_.AddHostPort(web_, UdpPort(5353), 53);
  node_.AddHostPort(client_, UdpPort(5353), 53);
  const Packet query = Udp(node_.World(1, 1), node_.On(5353));
  EXPECT_THAT(node_.FromNetwork(query), Delivers(query.To(web_.On(53)), web_));
  node_.RemovePod(web_);
  EXPECT_THAT(node_.FromNetwork(query), Delivers(query.To(client_.On(53)), client_));
}

TEST_P(HostPort, GivesWayToAConnectionOfTheHostButNotToAListener) {
  node_.AddHostPort(web_, UdpPort(40001), 53);
  node_.AddHostPort(web_, TcpPort(40001), 80);
  const UniqueFd connected = Bind(SOCK_DGRAM, 40001);
  const Packet query = Udp(node_.World(1, 53), node_.On(40001));
  EXPECT_THAT(node_.FromNetwork(query), Delivers(query.To(web_.On(53)), web_));
  Connect(connected, node_.World(2, 53));
  const Packet answer = Udp(node_.World(2, 53), node_.On(40001));
  const Packet other = Udp(node_.World(3, 53), node_.On(40001));
  EXPECT_THAT(node_.FromNetwork(other), Delivers(other.To(web_.On(53)), web_));
  // The kernel has chosen the address of the uplink for the socket.
  EXPECT_THAT(node_.FromNetwork(answer), LeavesAlone(answer));
}

// A load balancer that is the node itself (k3s), an external IP that is: not only host ports.
TEST_P(HostPort, AServiceAtTheNodesOwnAddressGivesWayToo) {
  node_.AddService(
      {.name = "dns", .vip = {}, .port = UdpPort(40002), .load_balancer_ips = {node_.address()}},
      {web_.On(53)});
  const UniqueFd connected = Bind(SOCK_DGRAM, 40002);
  Connect(connected, node_.World(2, 53));
  const Packet answer = Udp(node_.World(2, 53), node_.On(40002));
  const Packet query = Udp(node_.World(3, 53), node_.On(40002));
  EXPECT_THAT(node_.FromNetwork(answer), LeavesAlone(answer));
  EXPECT_THAT(node_.FromNetwork(query), Delivers(query.To(web_.On(53)), web_));
}

FAIRLEAD_BOTH_FAMILIES(HostPort);

}  // namespace
}  // namespace fairlead::testing
