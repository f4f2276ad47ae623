// SPDX-License-Identifier: Apache-2.0
//
// Promise: `--xdp auto` asks a device once whether it can send for XDP. Some drivers say so only
// with a program attached, and restart the port for it: what one has answered is remembered.
#include "loader/daemon/wire_hooks.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include "loader/attach/xdp.h"
#include "loader/kernel/map_set.h"
#include "loader/netlink/links.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

// A veth pair stands for a network card: it is said to be one.
class AnUplinkInAuto : public ::testing::Test {
 protected:
  static constexpr uint32_t kUplink = 77;

  void SetUp() override {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0) << "needs root";
    ASSERT_EQ(::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("bpf", pins_.path().c_str(), "bpf", 0, "mode=0700"), 0);
    MustOk(CreateVeth(netlink_, {.host_name = "up0",
                                 .host_index = kUplink,
                                 .host_mac = {2, 0, 0, 0, 0, 1},
                                 .peer_name = "up1",
                                 .peer_mac = {2, 0, 0, 0, 0, 2}}));
    const MapSet maps = Must(MapSet::Create(
        {.flows = 64, .half_open_buckets = 16, .services = 4, .runs = 4, .backends = 4}, ""));
    tables_.emplace(Must(maps.Open()));
    programs_.emplace(Must(Programs::Load(maps, {})));
    hooks_.emplace("auto", pins_.path(), *programs_, tables_->wire_exits,
                   [this](uint32_t ifindex) { return Look(ifindex); });
  }
  void TearDown() override { ::umount2(pins_.path().c_str(), MNT_DETACH); }

  // The card's driver says what it can send only while it runs a program, as some do.
  std::optional<WireDevice> Look(uint32_t ifindex) {
    const bool attached = attach::XdpMode(ifindex) == "native";
    tries_ += attached && !was_attached_ ? 1 : 0;
    was_attached_ = attached;
    if (!exists_) return std::nullopt;
    return WireDevice{.mac = mac_,
                      .is_hardware = true,
                      .features = {.runs_programs = true, .sends = sends_ && attached}};
  }

  void Follow() {
    MustOk(hooks_->Follow({{.ifindex = kUplink, .ip4 = std::nullopt, .ip6 = std::nullopt}}));
    was_attached_ = attach::XdpMode(kUplink) == "native";
  }

  ScratchNetns node_;
  ScratchDirectory pins_;
  NetlinkSocket netlink_ = Must(NetlinkSocket::Open());
  std::optional<Tables> tables_;
  std::optional<Programs> programs_;
  std::optional<WireHooks> hooks_;
  bool sends_ = false, exists_ = true, was_attached_ = false;
  MacAddress mac_ = {2, 0, 0, 0, 0, 1};
  int tries_ = 0;
};

TEST_F(AnUplinkInAuto, ThatCannotSendIsTriedOnce) {
  for (int look = 0; look < 3; ++look) Follow();
  EXPECT_EQ(tries_, 1);
  EXPECT_EQ(attach::XdpMode(kUplink), "");
}

TEST_F(AnUplinkInAuto, ThatCanSendStaysAttached) {
  sends_ = true;
  for (int look = 0; look < 3; ++look) Follow();
  EXPECT_EQ(tries_, 1);
  EXPECT_EQ(attach::XdpMode(kUplink), "native");
}

TEST_F(AnUplinkInAuto, IsTriedAnewWhenItIsAnotherDevice) {
  Follow();
  mac_ = {2, 0, 0, 0, 0, 9};
  Follow();
  EXPECT_EQ(tries_, 2);
}

TEST_F(AnUplinkInAuto, IsTriedAnewOnceItHasBeenAway) {
  Follow();
  exists_ = false;
  Follow();
  exists_ = true;
  Follow();
  EXPECT_EQ(tries_, 2);
}

}  // namespace
}  // namespace fairlead::testing
