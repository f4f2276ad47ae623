// SPDX-License-Identifier: Apache-2.0
//
// Promise: a setting that pods need is put right, however it went wrong; who
// insists on another value is reported and not fought.
#include "loader/daemon/sysctl_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/daemon/wanted_sysctls.h"
#include "loader/netlink/links.h"
#include "loader/netlink/scratch_netns.h"
#include "loader/netlink/sysctls.h"

namespace fairlead::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

class KeptSysctl : public ::testing::Test {
 protected:
  static constexpr char kForward[] = "net/ipv4/ip_forward";

  void SetUp() override { Put("0"); }
  static void Put(const std::string& value) { MustOk(WriteSysctl(kForward, value)); }
  static std::string Value() { return Must(ReadSysctl(kForward)); }
  void Keep() {
    problems_.Begin();
    keeper_.Keep({{kForward, "1"}}, now_, problems_);
  }

  ScratchNetns node_;
  ScratchDirectory directory_;
  SysctlJournal journal_ = Must(SysctlJournal::Open(directory_.path() + "/sysctls.json"));
  SysctlKeeper keeper_{journal_};
  ProblemLog problems_;
  FightLimit::Time now_{std::chrono::hours(1)};
};

TEST_F(KeptSysctl, IsSetAndItsOriginalIsJournaled) {
  Keep();
  EXPECT_EQ(Value(), "1");
  EXPECT_EQ(keeper_.kept().at(kForward).flips, 0u);
  MustOk(journal_.RestoreAll());
  EXPECT_EQ(Value(), "0");
}

TEST_F(KeptSysctl, IsPutBackAndCountedWhenSomebodyChangesIt) {
  Keep();
  Put("0");
  Keep();
  EXPECT_EQ(Value(), "1");
  EXPECT_EQ(keeper_.kept().at(kForward).flips, 1u);
}

TEST_F(KeptSysctl, IsLeftForAWhileToWhoChangesItAgainAndAgain) {
  Keep();
  for (int flip = 0; flip <= FightLimit::kLossesPerWindow; ++flip) {
    EXPECT_EQ(Value(), "1");
    Put("0");
    now_ += std::chrono::seconds(1);
    Keep();
  }
  EXPECT_EQ(Value(), "0");
  now_ += FightLimit::kTruce - std::chrono::seconds(1);
  Keep();
  EXPECT_EQ(Value(), "0");
  now_ += std::chrono::seconds(1);
  Keep();
  EXPECT_EQ(Value(), "1");
}

TEST_F(KeptSysctl, FlipsThatAreFarApartAreAllPutBack) {
  Keep();
  for (int flip = 0; flip < 3 * FightLimit::kLossesPerWindow; ++flip) {
    Put("0");
    now_ += FightLimit::kWindow / 2;
    Keep();
    EXPECT_EQ(Value(), "1");
  }
}

TEST_F(KeptSysctl, ThatTheKernelDoesNotHaveIsNoProblem) {
  problems_.Begin();
  keeper_.Keep({{"net/ipv4/conf/gone0/forwarding", "1"}}, now_, problems_);
  EXPECT_FALSE(problems_.failed());
  EXPECT_TRUE(keeper_.kept().empty());
}

class HostSysctls : public ::testing::Test {
 protected:
  void SetUp() override {
    NetlinkSocket netlink = Must(NetlinkSocket::Open());
    MustOk(CreateVeth(netlink, {.host_name = "up0",
                                .host_mac = {2, 0, 0, 0, 0, 1},
                                .peer_name = "up1",
                                .peer_mac = {2, 0, 0, 0, 0, 2}}));
  }
  static void Put(const std::string& name, const std::string& value) {
    MustOk(WriteSysctl(name, value));
  }
  static std::vector<WantedSysctl> Wanted() { return WantedHostSysctls({"up0"}); }

  ScratchNetns node_;
};

TEST_F(HostSysctls, AStrictFilterIsLoosenedWhicheverSettingMakesItStrict) {
  const WantedSysctl loose{"net/ipv4/conf/up0/rp_filter", "2"};
  Put("net/ipv4/conf/all/rp_filter", "0");
  Put("net/ipv4/conf/up0/rp_filter", "0");
  EXPECT_THAT(Wanted(), Not(Contains(loose)));
  Put("net/ipv4/conf/up0/rp_filter", "1");
  EXPECT_THAT(Wanted(), Contains(loose));
  Put("net/ipv4/conf/up0/rp_filter", "0");
  Put("net/ipv4/conf/all/rp_filter", "1");
  EXPECT_THAT(Wanted(), Contains(loose));
}

TEST_F(HostSysctls, WhoListensToIpv6RoutersGoesOnAndNobodyElseBegins) {
  const WantedSysctl listen{"net/ipv6/conf/up0/accept_ra", "2"};
  Put("net/ipv6/conf/up0/accept_ra", "0");
  EXPECT_THAT(Wanted(), Not(Contains(listen)));
  Put("net/ipv6/conf/up0/accept_ra", "1");
  EXPECT_THAT(Wanted(), Contains(listen));
}

TEST_F(HostSysctls, OfAnUplinkThatIsGoneAreNotWanted) {
  EXPECT_THAT(WantedHostSysctls({"gone0"}),
              ElementsAre(WantedSysctl{"net/ipv4/ip_forward", "1"},
                          WantedSysctl{"net/ipv6/conf/all/forwarding", "1"}));
}

}  // namespace
}  // namespace fairlead::testing
