// SPDX-License-Identifier: Apache-2.0
//
// fairlead status on a real interface with real programs, in a scratch network
// namespace.
#include <bpf/bpf.h>

#include "cli/fairlead_fixture.h"
#include "loader/attach/hook_links.h"
#include "loader/daemon/reassembly_room.h"
#include "loader/netlink/links.h"

namespace fairlead::attach {

void PrintTo(Mechanism mechanism, std::ostream* out) {
  *out << (mechanism == Mechanism::kTcx ? "TCX" : "clsact");
}

}  // namespace fairlead::attach

namespace fairlead::cli {
namespace {

TEST_F(FairleadOnANode, IsUnhealthyWhenNothingIsAttached) {
  const Answer answer = Run("status -o json");
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_EQ(answer.json()["healthy"], false);
  EXPECT_NE(answer.json()["problems"].dump().find("nothing is attached"), std::string::npos);
}

class FairleadWithAttachedHooks : public FairleadOnANode,
                                  public ::testing::WithParamInterface<attach::Mechanism> {
 protected:
  static constexpr uint32_t kUplink = 77;

  void SetUp() override {
    FairleadOnANode::SetUp();
    netlink_.emplace(Must(NetlinkSocket::Open()));
    MustOk(CreateVeth(*netlink_, {.host_name = "up0",
                                  .host_index = kUplink,
                                  .host_mac = {2, 0, 0, 0, 0, 1},
                                  .peer_name = "up1",
                                  .peer_mac = {2, 0, 0, 0, 0, 2}}));
    HookOptions options;
    options.timeout_seconds[TIMEOUT_OTHER_FIRST] = 17;
    options.masquerade = false;
    programs_.emplace(Must(Programs::Load(pins_.maps(), options)));
    for (const Family family : kFamilies) {
      const std::string pin =
          fmt::format("{}/tail_calls{}", pins_.pins(), static_cast<int>(family));
      ASSERT_EQ(bpf_obj_pin(programs_->tail_calls(family).fd(), pin.c_str()), 0);
    }
    const std::string links = pins_.pins() + "/links";
    ASSERT_EQ(mkdir(links.c_str(), 0700), 0);
    const attach::HookLinks hooks(links, *programs_, GetParam());
    MustOk(hooks.Attach(HOOK_FROM_NETWORK, kUplink));
    MustOk(hooks.Attach(HOOK_TO_NETWORK, kUplink));
  }

  std::optional<NetlinkSocket> netlink_;
  std::optional<Programs> programs_;
};

TEST_P(FairleadWithAttachedHooks, IsHealthyAndSaysWhatRunsWhereAndHow) {
  const Json status = Ask("status");
  EXPECT_EQ(status["healthy"], true);
  EXPECT_EQ(status["problems"].size(), 0U) << status["problems"];
  ASSERT_EQ(status["hooks"].size(), 4U);
  for (const Json& hook : status["hooks"]) {
    EXPECT_EQ(hook["device"], "up0");
    EXPECT_TRUE(hook["family"] == 4 || hook["family"] == 6);
  }
  EXPECT_EQ(Find(status["hooks"], "hook", "to_network")["ifindex"], kUplink);
  EXPECT_EQ(status["settings"]["masquerade"], false);
  EXPECT_EQ(status["settings"]["timeout_seconds"]["other_first"], 17);
  EXPECT_GT(status["memory_bytes"], 0);
  EXPECT_EQ(Find(status["tables"], "name", "services4")["used"], 3);
  EXPECT_GT(Find(Ask("maps dump tail_calls6"), "key", "answer_tcp_reset")["value"]["program_id"],
            0);
}

TEST_P(FairleadWithAttachedHooks, SaysWhatTheDaemonHasNotedAndStaysHealthy) {
  std::ofstream(files_.path() + "/host.json")
      << R"({"problems": {"node": ["no uplink"], "services": ["Service shop/web: no room"]}})";
  const Json status = Ask("status");
  EXPECT_EQ(status["healthy"], true);
  EXPECT_EQ(status["noted"]["services"], Json::array({"Service shop/web: no room"}));
  const Answer answer = Run("status");
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_NE(answer.out.find("\n  warning: fairleadd, node: no uplink\n"), std::string::npos);
  EXPECT_NE(answer.out.find("\n  warning: fairleadd, services: Service shop/web: no room\n"),
            std::string::npos);
}

TEST_P(FairleadWithAttachedHooks, IsUnhealthyWithTheInterfaceGone) {
  MustOk(DeleteLink(*netlink_, kUplink));
  const Answer answer = Run("status -o json");
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_EQ(answer.json()["warnings"].size(), 4U) << answer.out;
}

TEST_P(FairleadWithAttachedHooks, AReassemblyRoomIsNoInterfaceThatIsServed) {
  const std::string links = pins_.pins() + "/links";
  const uint32_t room = Must(OpenReassemblyRoom(*netlink_, links));
  MustOk(attach::HookLinks(links, *programs_, GetParam()).Attach(HOOK_FROM_ROOM, room));
  EXPECT_EQ(Ask("status")["hooks"].size(), 6U) << "the room's netfilter links are no hooks";
  MustOk(DeleteLink(*netlink_, kUplink));
  const Answer answer = Run("status -o json");
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_NE(answer.json()["problems"].dump().find("nothing is attached"), std::string::npos)
      << answer.out;
}

TEST_P(FairleadWithAttachedHooks, IsUnhealthyWhenATableIsFull) {
  for (uint32_t number = 0; number < pins_.tables().v6.flows.size(); ++number) {
    pins_.tables().v6.flows[number].side[SIDE_ORIGIN].last_seen = 1;
  }
  const Answer answer = Run("status -o json");
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_EQ(answer.json()["problems"], Json::array({"flows6 is full: 64 entries"}));
  EXPECT_EQ(Run("status").out.substr(0, 10), "UNHEALTHY\n");
}

TEST_P(FairleadWithAttachedHooks, IsUnhealthyWithAHoleInTheTailCalls) {
  const uint32_t slot = TAIL_FOLLOW_ICMP_ERROR;
  ASSERT_EQ(bpf_map_delete_elem(programs_->tail_calls(Family::kIpv4).fd(), &slot), 0);
  const Answer answer = Run("status -o json");
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_EQ(answer.json()["problems"], Json::array({"tail_calls4: follow_icmp_error is missing"}));
}

INSTANTIATE_TEST_SUITE_P(BothMechanisms, FairleadWithAttachedHooks,
                         ::testing::Values(attach::Mechanism::kTcx, attach::Mechanism::kClsact),
                         [](const auto& mechanism) {
                           return mechanism.param == attach::Mechanism::kTcx ? "Tcx" : "Clsact";
                         });

}  // namespace
}  // namespace fairlead::cli
