// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/matchers.h"

#include <fmt/format.h>

#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

using ::testing::Matcher;
using ::testing::MatcherInterface;
using ::testing::MatchResultListener;

struct Outcome {
  std::string description;
  Action action = Action::kOk;
  uint32_t reason = 0;
  std::optional<uint32_t> ifindex;
  std::optional<uint32_t> mark;
  std::optional<Bytes> frame;
};

class OutcomeMatcher : public MatcherInterface<const Hop&> {
 public:
  explicit OutcomeMatcher(Outcome outcome) : outcome_(std::move(outcome)) {}

  bool MatchAndExplain(const Hop& hop, MatchResultListener* listener) const override {
    std::string wrong;
    if (hop.action != outcome_.action || hop.reason != outcome_.reason) {
      wrong += "\n  the verdict is another";
    }
    if (outcome_.ifindex.has_value() && hop.ifindex != *outcome_.ifindex) {
      wrong += "\n  it went elsewhere";
    }
    if (outcome_.mark.has_value() && hop.mark != *outcome_.mark) {
      wrong += fmt::format("\n  mark: expected 0x{:x}, got 0x{:x}", *outcome_.mark, hop.mark);
    }
    if (outcome_.frame.has_value()) wrong += DifferenceOf(*outcome_.frame, hop.frame);
    *listener << wrong;
    return wrong.empty();
  }
  void DescribeTo(std::ostream* os) const override { *os << outcome_.description; }
  void DescribeNegationTo(std::ostream* os) const override {
    *os << "does not: " << outcome_.description;
  }

 private:
  Outcome outcome_;
};

Matcher<const Hop&> Expect(Outcome outcome) {
  return ::testing::MakeMatcher(new OutcomeMatcher(std::move(outcome)));
}

// What leaves by an uplink keeps the MACs it came with until the neighbour is
// known, so they are copied from the frame itself.
class SentOnMatcher : public MatcherInterface<const Hop&> {
 public:
  SentOnMatcher(Outcome outcome, Packet packet)
      : outcome_(std::move(outcome)), packet_(std::move(packet)) {}

  bool MatchAndExplain(const Hop& hop, MatchResultListener* listener) const override {
    Outcome outcome = outcome_;
    MacAddress destination{}, source{};
    if (hop.frame.size() >= 14) {
      std::memcpy(destination.data(), hop.frame.data(), 6);
      std::memcpy(source.data(), hop.frame.data() + 6, 6);
    }
    outcome.frame = packet_.OnLink(source, destination).ToBytes();
    return OutcomeMatcher(outcome).MatchAndExplain(hop, listener);
  }
  void DescribeTo(std::ostream* os) const override { *os << outcome_.description; }

 private:
  Outcome outcome_;
  Packet packet_;
};

Matcher<const Hop&> ExpectSentOn(Outcome outcome, const Packet& packet) {
  return ::testing::MakeMatcher(new SentOnMatcher(std::move(outcome), packet));
}

class MemoryMatcher : public MatcherInterface<const Node&> {
 public:
  MemoryMatcher(Packet request, Packet forwarded, bool half_open)
      : request_(std::move(request)), forwarded_(std::move(forwarded)), half_open_(half_open) {}

  bool MatchAndExplain(const Node& node, MatchResultListener* listener) const override {
    const auto origin = node.FindFlow(request_);
    const auto reply = node.FindFlow(forwarded_.Reply());
    if (half_open_) {
      if (origin.has_value() || reply.has_value()) *listener << "it is a flow object";
      return !origin.has_value() && !reply.has_value() && node.IsHalfOpen(request_, forwarded_);
    }
    if (!origin.has_value()) *listener << "\n  requests belong to no flow";
    if (!reply.has_value()) *listener << "\n  replies belong to no flow";
    if (!origin.has_value() || !reply.has_value()) return false;
    if (origin->number != reply->number || origin->generation != reply->generation) {
      *listener << "\n  requests belong to flow " << origin->number << ", replies to "
                << reply->number;
      return false;
    }
    return origin->side == SIDE_ORIGIN && reply->side == SIDE_REPLY;
  }
  void DescribeTo(std::ostream* os) const override {
    *os << (half_open_ ? "remembers, half-open, " : "remembers ")
        << ProtocolName(request_.protocol()) << " " << request_.source() << " to "
        << request_.destination() << ", forwarded as " << forwarded_.source() << " to "
        << forwarded_.destination();
  }

 private:
  Packet request_, forwarded_;
  bool half_open_;
};

class NoDropsMatcher : public MatcherInterface<const Node&> {
 public:
  bool MatchAndExplain(const Node& node, MatchResultListener* listener) const override {
    bool none = true;
    for (int where = 0; where < HOOK_COUNT; ++where) {
      for (uint32_t reason = FL_FIRST_DROP; reason < FL_VERDICT_COUNT; ++reason) {
        const uint64_t count = node.Count(static_cast<hook>(where), reason);
        if (count == 0) continue;
        *listener << "\n  " << count << " × " << ReasonName(reason);
        none = false;
      }
    }
    return none;
  }
  void DescribeTo(std::ostream* os) const override { *os << "has dropped nothing"; }
};

}  // namespace

Matcher<const Hop&> Delivers(const Packet& packet, const Pod& pod) {
  return Expect({"delivers the packet to " + pod.name, Action::kRedirect, VERDICT_TO_POD,
                 pod.ifindex, std::nullopt,
                 packet.OneHopLater().FromMac(kGatewayMac).ToMac(pod.mac).ToBytes()});
}

Matcher<const Hop&> SendsToPeer(const Packet& packet) {
  return ExpectSentOn({"sends the packet to another node", Action::kRedirect, VERDICT_TO_NODE,
                       ScratchNetwork::Get().uplink(), FL_MARK_DONE, std::nullopt},
                      packet.OneHopLater());
}

Matcher<const Hop&> SendsByTunnel(const Packet& packet) {
  return Expect({"sends the packet by tunnel", Action::kRedirect, VERDICT_TO_NODE,
                 ScratchNetwork::Get().tunnel(), FL_MARK_DONE,
                 packet.OneHopLater().FromMac(kTunnelMac).ToMac(kGatewayMac).ToBytes()});
}

Matcher<const Hop&> EntersTunnel(const Packet& packet) {
  return Expect({"lets the packet into the tunnel", Action::kOk, VERDICT_TO_NODE, std::nullopt,
                 FL_MARK_DONE, packet.FromMac(kTunnelMac).ToMac(kGatewayMac).ToBytes()});
}

Matcher<const Hop&> SendsToWorld(const Packet& packet) {
  return ExpectSentOn({"sends the packet to the world", Action::kRedirect, VERDICT_TO_WORLD,
                       ScratchNetwork::Get().uplink(), FL_MARK_DONE, std::nullopt},
                      packet.OneHopLater());
}

Matcher<const Hop&> SendsBack(const Packet& packet, uint32_t reason) {
  return Expect({"sends the packet back to the wire (" + ReasonName(reason) + ")",
                 Action::kRedirect, reason, ScratchNetwork::Get().uplink(), std::nullopt,
                 packet.OneHopLater().FromMac(kUplinkMac).ToMac(kRouterMac).ToBytes()});
}

Matcher<const Hop&> LeavesToTc(const Packet& packet) {
  return ExpectSentOn(
      {"leaves the packet to TC", Action::kOk, VERDICT_TO_TC, 0, std::nullopt, std::nullopt},
      packet);
}

Matcher<const Hop&> PassesToStack(const Packet& packet) {
  return ExpectSentOn(
      {"passes the packet to the host's stack", Action::kOk, VERDICT_TO_STACK, 0, 0, std::nullopt},
      packet);
}

Matcher<const Hop&> LetsIn(const Packet& packet) {
  return ExpectSentOn(
      {"lets the packet into the pod", Action::kOk, VERDICT_TO_POD, std::nullopt, 0, std::nullopt},
      packet);
}

Matcher<const Hop&> LeavesTranslated(const Packet& packet) {
  return ExpectSentOn({"lets the answer leave", Action::kOk, VERDICT_TO_WORLD, std::nullopt,
                       std::nullopt, std::nullopt},
                      packet);
}

Matcher<const Hop&> LeavesAlone(const Packet& packet) {
  return ExpectSentOn({"leaves the packet alone", Action::kOk, VERDICT_PASSED, std::nullopt,
                       std::nullopt, std::nullopt},
                      packet);
}

Matcher<const Hop&> Drops(uint32_t reason) {
  return Expect({"drops the packet (" + ReasonName(reason) + ")", Action::kShot, reason, 0,
                 std::nullopt, std::nullopt});
}

Matcher<const Hop&> EntersTheRoom(const Packet& packet) {
  return ExpectSentOn({"sends the packet into the reassembly room", Action::kRedirect,
                       VERDICT_TO_ROOM, ScratchNetwork::Get().room(), 0, std::nullopt},
                      packet);
}

Matcher<const Hop&> ComesBackFrom(const Pod& pod, const Packet& packet) {
  return Expect({"lets " + pod.name + " send the packet again", Action::kRedirect, VERDICT_IN_ORDER,
                 pod.ifindex, FL_MARK_IN_ORDER,
                 packet.FromMac(pod.mac).ToMac(kGatewayMac).ToBytes()});
}

Matcher<const Hop&> ComesBackFromTheNetwork(const Packet& packet) {
  return ExpectSentOn(
      {"lets the uplink receive the packet again", Action::kRedirect, VERDICT_IN_ORDER,
       ScratchNetwork::Get().uplink(), FL_MARK_IN_ORDER, std::nullopt},
      packet);
}

Matcher<const Hop&> Answers(const Packet& packet, const Pod& pod, uint32_t reason) {
  return Expect({"answers " + pod.name + " (" + ReasonName(reason) + ")", Action::kRedirect, reason,
                 pod.ifindex, std::nullopt, packet.OnLink(kGatewayMac, pod.mac).ToBytes()});
}

Matcher<const Hop&> AnswersOnTheWire(const Packet& packet, uint32_t reason) {
  return ExpectSentOn({"answers out of the uplink (" + ReasonName(reason) + ")", Action::kRedirect,
                       reason, ScratchNetwork::Get().uplink(), FL_MARK_DONE, std::nullopt},
                      packet);
}

Matcher<const Node&> Remembers(const Packet& request, const Packet& forwarded) {
  return ::testing::MakeMatcher(new MemoryMatcher(request, forwarded, false));
}
Matcher<const Node&> RemembersHalfOpen(const Packet& request, const Packet& forwarded) {
  return ::testing::MakeMatcher(new MemoryMatcher(request, forwarded, true));
}
Matcher<const Node&> HasNoDrops() { return ::testing::MakeMatcher(new NoDropsMatcher); }

std::ostream& operator<<(std::ostream& os, const Node& node) {
  return os << "a node with " << node.FlowCount() << " flows";
}

std::string FamilyOfTest(const ::testing::TestParamInfo<Family>& info) {
  return FamilyName(info.param);
}

}  // namespace fairlead::testing
