// SPDX-License-Identifier: Apache-2.0
#include "cli/flow_view.h"

#include <gtest/gtest.h>

#include "cli/flow_filter.h"
#include "cli/sample_flow.h"

namespace fairlead::cli {
namespace {

using testing::Backend;
using testing::Client;
using testing::NodePort;
using testing::SampleFlow;
using testing::Web;

constexpr uint32_t kNow = 1'000'001;

FlowTime AtTime(uint32_t now) {
  FlowTime time;
  time.now = now;
  time.jiffies_per_second = 100;
  const uint32_t seconds[TIMEOUT_COUNT] = {60, 86400, 3600, 10, 30, 120};
  for (int i = 0; i < TIMEOUT_COUNT; ++i) time.config.timeout[i] = 100 * seconds[i];
  return time;
}

template <typename Abi>
class AFlowOfAFamily : public ::testing::Test {
 protected:
  static constexpr Family kFamily = Abi::kFamily;
  using Flow = typename Abi::Flow;

  static Flow ToService(Protocol protocol = Protocol::kTcp) {
    return SampleFlow<Abi>(Client(kFamily), Web(kFamily), Client(kFamily), Backend(kFamily), kNow,
                           protocol);
  }
  static FlowView Describe(const Flow& flow, uint32_t now = kNow) {
    const std::optional<FlowView> view = DescribeFlow<Abi>(7, flow, AtTime(now));
    EXPECT_TRUE(view.has_value());
    return view.value_or(FlowView());
  }
};
using BothFamilies = ::testing::Types<Abi4, Abi6>;
TYPED_TEST_SUITE(AFlowOfAFamily, BothFamilies);

TYPED_TEST(AFlowOfAFamily, NamesClientFrontendAndBackend) {
  const FlowView view = this->Describe(this->ToService());
  EXPECT_EQ(view.client, Client(this->kFamily));
  EXPECT_EQ(view.frontend, Web(this->kFamily));
  EXPECT_EQ(view.backend, Backend(this->kFamily));
  EXPECT_TRUE(view.is_service());
  EXPECT_FALSE(view.is_masqueraded());
  EXPECT_EQ(view.backend_number, 5U);
}

TYPED_TEST(AFlowOfAFamily, ShowsWhomAMasqueradedOneSpeaksAs) {
  constexpr Family kFamily = TypeParam::kFamily;
  const FlowView view = this->Describe(
      SampleFlow<TypeParam>(Client(kFamily), Web(kFamily), NodePort(kFamily), Web(kFamily), kNow));
  EXPECT_TRUE(view.is_masqueraded());
  EXPECT_FALSE(view.is_service());
  EXPECT_EQ(view.source, NodePort(kFamily));
}

TYPED_TEST(AFlowOfAFamily, GoesThroughTheStatesOfTcp) {
  auto flow = this->ToService();
  EXPECT_EQ(this->Describe(flow).state, FlowState::kEstablished);
  flow.side[SIDE_ORIGIN].flags = 0;
  EXPECT_EQ(this->Describe(flow).state, FlowState::kHandshake);
  EXPECT_EQ(this->Describe(flow).left, 60U);
  flow.side[SIDE_REPLY].flags = FLOW_FIN;
  EXPECT_EQ(this->Describe(flow).state, FlowState::kHalfClosed);
  flow.side[SIDE_ORIGIN].flags = FLOW_FIN;
  EXPECT_EQ(this->Describe(flow).state, FlowState::kClosed);
  flow.side[SIDE_ORIGIN].flags = FLOW_RESET;
  flow.side[SIDE_REPLY].flags = 0;
  EXPECT_EQ(this->Describe(flow).state, FlowState::kClosed);
  EXPECT_EQ(this->Describe(this->ToService(Protocol::kUdp)).state, FlowState::kConversation);
}

TYPED_TEST(AFlowOfAFamily, CountsSecondsOfItsLaterSide) {
  auto flow = this->ToService(Protocol::kUdp);
  flow.side[SIDE_REPLY].last_seen = kNow + 50 * 100;
  const FlowView view = this->Describe(flow, kNow + 60 * 100);
  EXPECT_EQ(view.age, 60U);
  EXPECT_EQ(view.idle, 10U);
  EXPECT_EQ(view.left, 110U);
}

TYPED_TEST(AFlowOfAFamily, IsExpiredWhenItHasBeenQuietForTooLong) {
  const FlowView view = this->Describe(this->ToService(Protocol::kUdp), kNow + 121 * 100);
  EXPECT_EQ(view.state, FlowState::kExpired);
  EXPECT_EQ(view.left, 0U);
}

TYPED_TEST(AFlowOfAFamily, SurvivesTheWrapOfTheClock) {
  auto flow = this->ToService();
  for (auto& side : flow.side) side.created = side.last_seen = 0xffffff01;
  const FlowView view = this->Describe(flow, 0xffffff01 + 100 * 100);
  EXPECT_EQ(view.idle, 100U);
  EXPECT_EQ(view.state, FlowState::kEstablished);
}

TYPED_TEST(AFlowOfAFamily, IsFreshWhenItsPacketCameAfterTheClockWasRead) {
  const FlowView view = this->Describe(this->ToService(), kNow - 10);
  EXPECT_EQ(view.idle, 0U);
  EXPECT_EQ(view.age, 0U);
  EXPECT_EQ(view.state, FlowState::kEstablished);
}

TYPED_TEST(AFlowOfAFamily, IsNotThereWhenItsObjectIsFree) {
  auto flow = this->ToService();
  flow.side[SIDE_ORIGIN].last_seen = 0;
  EXPECT_FALSE(DescribeFlow<TypeParam>(7, flow, AtTime(kNow)).has_value());
}

TYPED_TEST(AFlowOfAFamily, BecomesARowWithTheSameFacts) {
  const Json row = FlowRow(this->Describe(this->ToService()), PinnedNode());
  EXPECT_EQ(row["family"], static_cast<int>(TypeParam::kFamily));
  EXPECT_EQ(row["client"], Client(TypeParam::kFamily).ToString());
  EXPECT_EQ(row["frontend"], Web(TypeParam::kFamily).ToString());
  EXPECT_EQ(row["backend"], Backend(TypeParam::kFamily).ToString());
  EXPECT_EQ(row["state"], "ESTABLISHED");
  EXPECT_EQ(row["packets"], 12);
  EXPECT_EQ(row["reply_packets"], 11);
  EXPECT_EQ(row["exit"], "pod 3");
  EXPECT_TRUE(row["reply_exit"].is_null());
  EXPECT_TRUE(row["masqueraded_as"].is_null());
}

TYPED_TEST(AFlowOfAFamily, IsFoundByPodServiceAndProtocol) {
  constexpr Family kFamily = TypeParam::kFamily;
  const FlowView view = this->Describe(this->ToService());
  const auto matches = [&view](const std::string& pod, const std::string& service,
                               const std::string& protocol) {
    const auto filter = FlowFilter::Make(pod, service, protocol);
    EXPECT_TRUE(filter.ok()) << filter.status();
    return filter.ok() && filter->Matches(view);
  };
  EXPECT_TRUE(matches("", "", ""));
  EXPECT_TRUE(matches(Client(kFamily).address.ToString(), "", "tcp"));
  EXPECT_TRUE(matches(Backend(kFamily).address.ToString(), "", "6"));
  EXPECT_TRUE(matches("", Web(kFamily).address.ToString(), ""));
  EXPECT_TRUE(matches("", Web(kFamily).ToString(), ""));
  EXPECT_FALSE(matches("", (Endpoint{Web(kFamily).address, 81}).ToString(), ""));
  EXPECT_FALSE(matches(Web(kFamily).address.ToString(), "", ""));
  EXPECT_FALSE(matches("", "", "udp"));
}

template <typename Abi>
class AHalfOpenFlow : public ::testing::Test {
 protected:
  using Entry = std::remove_reference_t<decltype(Abi::HalfOpenBucket::way[0])>;
  static Entry Make(Protocol protocol, uint8_t flags) {
    const auto fill = [&](auto& tuple, const Endpoint& from, const Endpoint& to) {
      testing::SetLeaves(tuple, from, to, typename Abi::Ip{});
      tuple.protocol = static_cast<uint8_t>(protocol);
    };
    Entry entry{};
    fill(entry.tuple, Client(Abi::kFamily), Web(Abi::kFamily));
    fill(entry.reverse, Backend(Abi::kFamily), Client(Abi::kFamily));
    entry.stamp = kNow;
    entry.backend = 5;
    entry.flags = flags;
    return entry;
  }
  static std::optional<FlowView> Describe(const Entry& entry, uint32_t now = kNow) {
    return DescribeHalfOpen<Abi>(entry, AtTime(now));
  }
};
TYPED_TEST_SUITE(AHalfOpenFlow, BothFamilies);

TYPED_TEST(AHalfOpenFlow, NamesTheSameEndsAsAFlow) {
  const auto view = this->Describe(this->Make(Protocol::kTcp, 0));
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->client, Client(TypeParam::kFamily));
  EXPECT_EQ(view->frontend, Web(TypeParam::kFamily));
  EXPECT_EQ(view->backend, Backend(TypeParam::kFamily));
  EXPECT_EQ(view->source, Client(TypeParam::kFamily));
  EXPECT_EQ(view->state, FlowState::kHalfOpen);
  EXPECT_EQ(view->left, 60U);
}

TYPED_TEST(AHalfOpenFlow, TellsIfTheOtherEndHasAnswered) {
  const auto view = this->Describe(this->Make(Protocol::kUdp, HALF_OPEN_REPLIED));
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->state, FlowState::kReplied);
}

TYPED_TEST(AHalfOpenFlow, IsShownOnceAndOnlyWhileItCounts) {
  EXPECT_FALSE(this->Describe(this->Make(Protocol::kTcp, HALF_OPEN_REPLY)).has_value());
  EXPECT_FALSE(this->Describe(this->Make(Protocol::kUdp, 0), kNow + 31 * 100).has_value());
  auto empty = this->Make(Protocol::kTcp, 0);
  empty.stamp = STAMP_EMPTY;
  EXPECT_FALSE(this->Describe(empty).has_value());
  empty.stamp = STAMP_BUSY;
  EXPECT_FALSE(this->Describe(empty).has_value());
}

TEST(AnEndpointOfAFlow, HasThePortItsProtocolHas) {
  const IpAddress address = *IpAddress::Parse("10.0.0.1");
  EXPECT_EQ(FlowEndpoint(6, {address, 80}), "10.0.0.1:80");
  EXPECT_EQ(FlowEndpoint(1, {address, 7}), "10.0.0.1,id=7");
  EXPECT_EQ(FlowEndpoint(47, {address, 0}), "10.0.0.1");
}

TEST(AFilterOfFlows, SaysWhichOptionItCannotRead) {
  EXPECT_EQ(FlowFilter::Make("web", "", "").status().message(), "--pod web: not an IP address");
  EXPECT_EQ(FlowFilter::Make("", "10.0.0.1:http", "").status().message(),
            "--service 10.0.0.1:http: not IP[:PORT]");
  EXPECT_EQ(FlowFilter::Make("", "[fd00::1]:x", "").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FlowFilter::Make("", "", "tpc").status().message(),
            "--protocol tpc: not a protocol's name or number");
  EXPECT_FALSE(FlowFilter::Make("", "", "256").ok());
}

}  // namespace
}  // namespace fairlead::cli
