// SPDX-License-Identifier: Apache-2.0
//
// Promise: every drop has a name, a counter, and a packet that reaches it. A
// reason that is added without a line here does not pass.
#include <functional>
#include <set>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/group_reports.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/neighbours.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

// A node with two pods and a packet between them; cases spoil something.
struct World {
  Family family;
  Node node;
  Pod pod;
  Pod other;
  Packet packet;

  explicit World(Family f, const NodeOptions& options = {})
      : family(f),
        node(f, options),
        pod(node.AddPod("pod")),
        other(node.AddPod("other")),
        packet(Tcp(pod.On(40000), other.On(80)).Syn().OnLink(pod.mac, kGatewayMac)) {}
};

struct DropCase {
  verdict_reason reason;
  std::function<Hop(Family)> reach;
  std::optional<Family> only = std::nullopt;  // the other family cannot reach it
};

Hop ReachBackendGone(Family family) {
  World w(family);
  const Service web = w.node.AddService("web", TcpPort(80), {w.other.On(80)});
  const Packet request = Tcp(w.pod.On(1), web.Front());
  w.node.FromPod(w.pod, request.Syn());
  w.node.SetEndpoints(web, {});
  return w.node.FromPod(w.pod, request.Ack());
}

Hop ReachNoSnatPort(Family family) {
  NodeOptions options;
  options.hooks.snat_ports = 1;
  World w(family, options);
  w.node.FromPod(w.pod, Tcp(w.pod.On(1), w.node.World(1, 1)).Syn());
  return w.node.FromPod(w.pod, Tcp(w.pod.On(2), w.node.World(1, 1)).Syn());
}

Hop ReachAddressGone(Family family) {
  World w(family);
  const Packet request = Tcp(w.pod.On(1), w.node.World(1, 1));
  const Hop hop = w.node.FromPod(w.pod, request.Syn());
  w.node.FromNetwork(request.From(hop.Source()).Reply().SynAck());
  w.node.FromPod(w.pod, request.Ack());
  w.node.MoveUplink();
  return w.node.FromPod(w.pod, request.Ack());
}

Hop ReachNoLocalBackend(Family family) {
  World w(family);
  const Peer peer = w.node.AddPeer("there");
  const Service web = w.node.AddLocalService("web", TcpPort(80), {peer.Pod(1, 80)});
  return w.node.FromPod(w.pod, Tcp(w.pod.On(1), web.Front()).Syn());
}

Hop ReachSourceNotAllowed(Family family) {
  World w(family);
  const IpAddress vip = Ip(family, "192.0.2.80", "2001:db8:80::1");
  w.node.AddService({.name = "web",
                     .vip = {},
                     .port = TcpPort(80),
                     .load_balancer_ips = {vip},
                     .source_ranges = {Cidr::Make(w.node.World(1, 1).address, 24)}},
                    {w.other.On(80)});
  return w.node.FromPod(w.pod, Tcp(w.pod.On(1), Endpoint{vip, 80}).Syn());
}

Hop ReachTooManyGroups(Family family) {
  World w(family);
  const IpAddress group = Ip(family, "239.1.0.0", "ff15::");
  for (int i = 0; i < FL_GROUPS_PER_POD; ++i) {
    w.node.FromPod(w.pod, JoinGroup(w.pod, group.Plus(static_cast<uint64_t>(i))));
  }
  return w.node.FromPod(w.pod, JoinGroup(w.pod, group.Plus(FL_GROUPS_PER_POD)));
}

NodeOptions Denying() {
  NodeOptions options;
  options.hooks.default_deny = true;
  return options;
}
NodeOptions WithoutRoom() {
  NodeOptions options;
  options.has_room = false;
  return options;
}
NodeOptions Tunnelling() {
  NodeOptions options;
  options.routing.routing = plan::Routing::kVxlan;
  return options;
}
NodeOptions WithoutAddress() {
  NodeOptions options;
  options.uplink_has_addresses = false;
  return options;
}

#define FROM_POD(packet_of_w)                  \
  [](Family family) {                          \
    World w(family);                           \
    return w.node.FromPod(w.pod, packet_of_w); \
  }

const std::vector<DropCase>& Cases() {
  static const auto* const cases = new std::vector<DropCase>{
      {DROP_TOO_SHORT, FROM_POD(w.packet.Cut(w.packet.ToBytes().size() - 1))},
      {DROP_NOT_IP, FROM_POD(w.packet.Raw(12, 0x88).Raw(13, 0xcc))},
      {DROP_BAD_IP_HEADER, FROM_POD(w.packet.Raw(14, 0x15))},
      {DROP_BAD_L4_HEADER, FROM_POD(w.packet.Raw(family == Family::kIpv4 ? 46 : 66, 0x10))},
      {DROP_TOO_MANY_EXTENSIONS,
       [](Family family) {
         World w(family);
         Packet packet = w.packet;
         for (int i = 0; i < 8; ++i) packet = packet.Behind(kDestination);
         return w.node.FromPod(w.pod, packet);
       },
       Family::kIpv6},
      {DROP_UNKNOWN_POD,
       [](Family family) {
         World w(family);
         return w.node.Run(HOOK_FROM_POD, w.node.uplink(), w.packet);
       }},
      {DROP_SPOOFED_MAC, FROM_POD(w.packet.FromMac(w.other.mac))},
      {DROP_SPOOFED_SOURCE, FROM_POD(w.packet.From(w.other.On(1)))},
      {DROP_UNKNOWN_TUNNEL_PEER,
       [](Family family) {
         World w(family, Tunnelling());
         return w.node.FromOverlay(Outer{WorldAddress(family, 1)}, w.packet);
       }},
      {DROP_WRONG_VNI,
       [](Family family) {
         World w(family, Tunnelling());
         const Peer peer = w.node.AddPeer("there");
         return w.node.FromOverlay(Outer{peer.address, 2}, w.packet);
       }},
      {DROP_FORGED_TUNNEL,
       [](Family family) {
         World w(family, Tunnelling());
         return w.node.FromPod(w.pod, Udp(w.pod.On(1), w.node.World(1, 8472)));
       }},
      {DROP_WRONG_NODE,
       [](Family family) {
         World w(family, Tunnelling());
         const Peer peer = w.node.AddPeer("there");
         return w.node.FromOverlay(peer, Udp(peer.Pod(1, 1), w.node.World(1, 1)));
       }},
      {DROP_LINK_SCOPE, FROM_POD(w.packet.To(Ip(family, "169.254.7.7", "fe80::7")))},
      {DROP_NO_LISTENER, FROM_POD(w.packet.To(Ip(family, "224.0.0.1", "ff02::1")))},
      {DROP_TOO_MANY_GROUPS, ReachTooManyGroups},
      {DROP_BAD_NEIGHBOUR_REQUEST, FROM_POD(NeighbourRequest(w.pod, w.other.address))},
      {DROP_NO_HANDSHAKE, FROM_POD(w.packet.SynAck())},
      {DROP_TINY_FRAGMENT, FROM_POD(w.packet.Fragments(family == Family::kIpv4 ? 28 : 56).at(0))},
      {DROP_OVERLAPPING_FRAGMENT,
       [](Family family) {
         World w(family);
         const Packet segment = w.packet.Payload(80).Id(7);
         w.node.FromPod(w.pod, segment.Fragments(100).at(0));
         return w.node.FromPod(w.pod, segment.Fragment(1, false));
       }},
      {DROP_ORPHAN_FRAGMENT,
       [](Family family) {
         World w(family, WithoutRoom());
         return w.node.FromPod(w.pod, w.packet.Payload(80).Fragments(100).at(1));
       }},
      {DROP_NO_FRAGMENT,
       [](Family family) {
         World w(family);
         return w.node.FromRoom(w.packet);
       }},
      {DROP_SCTP_FRAGMENT,
       [](Family family) {
         World w(family);
         const Service web = w.node.AddService("web", SctpPort(80), {w.other.On(8080)});
         const Packet message = Sctp(w.pod.On(1), web.Front()).Payload(80);
         return w.node.FromPod(w.pod, message.Fragments(100).at(0));
       }},
      {DROP_NO_BACKEND,
       [](Family family) {
         World w(family);
         const Service web = w.node.AddService("web", TcpPort(80), {});
         return w.node.FromPod(w.pod, Tcp(w.pod.On(1), web.Front()).Syn());
       }},
      {DROP_SOURCE_NOT_ALLOWED, ReachSourceNotAllowed},
      {DROP_NO_SUCH_SERVICE_PORT,
       [](Family family) {
         World w(family);
         const Service web = w.node.AddService("web", TcpPort(80), {w.other.On(80)});
         return w.node.FromPod(w.pod, Tcp(w.pod.On(1), Endpoint{web.vip, 81}).Syn());
       }},
      {DROP_NO_SUCH_SERVICE,
       [](Family family) {
         World w(family);
         w.node.SetServiceCidrs({Cidr::Make(ServiceAddress(family, 0), 24)});
         return w.node.FromPod(w.pod, Tcp(w.pod.On(1), {ServiceAddress(family, 9), 80}).Syn());
       }},
      {DROP_NO_LOCAL_BACKEND, ReachNoLocalBackend},
      {DROP_POLICY_DENIED,
       [](Family family) {
         World w(family, Denying());
         return w.node.FromPod(w.pod, w.packet);
       }},
      {DROP_BACKEND_GONE, ReachBackendGone},
      {DROP_NO_SUCH_POD, FROM_POD(w.packet.To(PodAddress(family, 0, 99)))},
      {DROP_NO_ROUTE, FROM_POD(w.packet.To(UnreachableCidr(family).address().Plus(1)))},
      {DROP_NO_NODE_ADDRESS,
       [](Family family) {
         World w(family, WithoutAddress());
         return w.node.FromPod(w.pod, w.packet.To(w.node.World(1, 80)));
       }},
      {DROP_NO_SNAT_PORT, ReachNoSnatPort},
      {DROP_NO_PORTS, FROM_POD(WithProtocol(50, w.pod.address, WorldAddress(family, 1)))},
      {DROP_ADDRESS_GONE, ReachAddressGone},
      {DROP_UNTRANSLATED_SOURCE,
       [](Family family) {
         World w(family);
         return w.node.ToNetwork(w.packet.To(w.node.World(1, 80)));
       }},
      {DROP_TTL_EXCEEDED, FROM_POD(w.packet.HopLimit(1))},
      {DROP_TOO_BIG, FROM_POD(Udp(w.pod.On(1), w.node.World(1, 53)).Payload(1500))},
      {DROP_UNKNOWN_ICMP_ERROR,
       FROM_POD(IcmpError(w.pod.address, IcmpErrorKind::kPortUnreachable, w.packet.Reply()))},
      {DROP_BAD_ICMP_QUOTE,
       FROM_POD(IcmpError(w.pod.address, IcmpErrorKind::kPortUnreachable, w.packet.Reply())
                    .Raw(family == Family::kIpv4 ? 42 : 62, 0))},
      {DROP_TAIL_CALL_MISSING,
       [](Family family) {
         World w(family);
         w.node.EmptyTailCalls();
         return w.node.FromPod(w.pod, NeighbourRequest(w.pod, GatewayAddress(family)));
       }},
  };
  return *cases;
}

struct FamilyCase {
  Family family;
  DropCase drop;
};
void PrintTo(const FamilyCase& value, std::ostream* os) {
  *os << FamilyName(value.family) << " " << ReasonName(value.drop.reason);
}

class EveryDropReason : public ::testing::TestWithParam<FamilyCase> {};

TEST_P(EveryDropReason, IsReachedAndCounted) {
  const FamilyCase& c = GetParam();
  const Hop hop = c.drop.reach(c.family);
  EXPECT_EQ(ReasonName(hop.reason), ReasonName(c.drop.reason));
  EXPECT_NE(hop.action, Action::kOk);
  EXPECT_GE(hop.counted, 1U);
}

std::vector<FamilyCase> FamilyCases() {
  std::vector<FamilyCase> all;
  for (const DropCase& drop : Cases()) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      if (drop.only.value_or(family) == family) all.push_back({family, drop});
    }
  }
  return all;
}

std::string NameOf(const ::testing::TestParamInfo<FamilyCase>& test) {
  return ReasonName(test.param.drop.reason) + "_" + FamilyName(test.param.family);
}

INSTANTIATE_TEST_SUITE_P(All, EveryDropReason, ::testing::ValuesIn(FamilyCases()), NameOf);

TEST(EveryDropReasonOf, TheAbiHasACaseHere) {
  std::set<std::string> with_case;
  for (const DropCase& drop : Cases()) with_case.insert(ReasonName(drop.reason));
#define CHECK(name, text) EXPECT_TRUE(with_case.contains(#name)) << #name;
  FL_DROP_VERDICTS(CHECK)
#undef CHECK
}

}  // namespace
}  // namespace fairlead::testing
