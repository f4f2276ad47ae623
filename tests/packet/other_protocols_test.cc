// SPDX-License-Identifier: Apache-2.0
//
//   pod ──▶ GRE, IPIP, VRRP, ESP, AH, OSPF ──▶ [from_pod] ──▶ a pod, here or elsewhere
//
// Promise: between pods any protocol of IP goes as the usual ones do: known by
// its addresses, untouched, and under nobody else's address.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

struct Case {
  Family family;
  const char* name;
  uint8_t protocol;
};
void PrintTo(const Case& c, std::ostream* os) { *os << c.name << " " << FamilyName(c.family); }

class OtherProtocol : public ::testing::TestWithParam<Case> {
 protected:
  Packet From(const Endpoint& from, const Endpoint& to) const {
    // Of an authentication header IPv6 reads the first bytes: nothing follows, six words.
    return WithProtocol(GetParam().protocol, from.address, to.address)
        .Payload(std::string_view("\x3b\x04\0\0and the rest of what it carries", 36));
  }
  Node node_{GetParam().family};
  Pod client_ = node_.AddPod("client");
  Pod server_ = node_.AddPod("server");
};

TEST_P(OtherProtocol, IsDeliveredToAPodOfThisNodeAndBack) {
  const Packet packet = From(client_.On(0), server_.On(0));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromPod(client_, packet), Delivers(packet, server_));
    EXPECT_THAT(node_.FromPod(server_, packet.Reply()), Delivers(packet.Reply(), client_));
  }
  EXPECT_EQ(node_.FlowCount(), 1U);
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(OtherProtocol, GoesToAPodOfAnotherNodeAndComesFromThere) {
  const Peer peer = node_.AddPeer("there");
  const Packet packet = From(client_.On(0), peer.Pod(1, 0));
  EXPECT_THAT(node_.FromPod(client_, packet), SendsToPeer(packet));
  EXPECT_THAT(node_.FromNetwork(packet.Reply()), Delivers(packet.Reply(), client_));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(OtherProtocol, FromAnothersAddressIsRefused) {
  EXPECT_THAT(node_.FromPod(client_, From(server_.On(0), server_.On(0))),
              Drops(DROP_SPOOFED_SOURCE));
  EXPECT_THAT(node_.FromNetwork(From(client_.On(0), server_.On(0))), Drops(DROP_SPOOFED_SOURCE));
}

TEST_P(OtherProtocol, ToTheWorldHasNoPortToMasqueradeWith) {
  EXPECT_THAT(node_.FromPod(client_, From(client_.On(0), node_.World(1, 0))), Drops(DROP_NO_PORTS));
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    for (const auto& [name, protocol] :
         std::initializer_list<std::pair<const char*, uint8_t>>{{"Ipip", 4},
                                                                {"Gre", 47},
                                                                {"Esp", 50},
                                                                {"Ah", 51},
                                                                {"Ospf", 89},
                                                                {"Vrrp", 112},
                                                                {"Sixin", 41}}) {
      cases.push_back({family, name, protocol});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, OtherProtocol, ::testing::ValuesIn(Cases()), [](const auto& test) {
  return std::string(test.param.name) + FamilyName(test.param.family);
});

}  // namespace
}  // namespace fairlead::testing
