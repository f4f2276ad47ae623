// SPDX-License-Identifier: Apache-2.0
//
// Promise: a node has one room, whoever asks how often; it needs no process to
// stay, and leaves nothing behind. What it does with fragments: see
// tests/netns/fragment_test.cc.
#include "loader/daemon/reassembly_room.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "loader/netlink/addresses.h"
#include "loader/netlink/links.h"
#include "loader/netlink/scratch_netns.h"
#include "loader/netlink/sysctls.h"

namespace fairlead::testing {
namespace {

class Room : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0) << "needs root";
    ASSERT_EQ(::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("bpf", pins().c_str(), "bpf", 0, "mode=0700"), 0);
  }
  void TearDown() override { ::umount2(pins().c_str(), MNT_DETACH); }

  const std::string& pins() const { return directory_.path(); }
  uint32_t Open() { return Must(OpenReassemblyRoom(host_, pins())); }
  std::optional<Link> NearEnd() { return Must(FindLink(host_, "fl_room")); }
  // A bpffs may have files of the kernel's own.
  std::vector<std::filesystem::path> Pinned() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(pins())) {
      if (entry.path().filename().string().starts_with("reassembly")) found.push_back(entry);
    }
    return found;
  }

  ScratchNetns node_;
  ScratchDirectory directory_;
  NetlinkSocket host_ = Must(NetlinkSocket::Open());
};

TEST_F(Room, IsAdoptedAndHasNoAddress) {
  const uint32_t index = Open();
  EXPECT_EQ(Open(), index);
  ASSERT_TRUE(NearEnd().has_value());
  EXPECT_EQ(NearEnd()->index, index);
  EXPECT_TRUE(NearEnd()->is_up());
  for (const InterfaceAddress& entry : Must(ListAddresses(host_))) {
    EXPECT_NE(entry.link_index, index) << entry.address;
  }
}

TEST_F(Room, IsMadeAnewWhenItsWireOrAPinIsGone) {
  MustOk(DeleteLink(host_, Open()));
  const uint32_t second = Open();
  ASSERT_TRUE(NearEnd().has_value());
  ASSERT_EQ(Pinned().size(), 2U);
  std::filesystem::remove(Pinned().front());
  EXPECT_NE(Open(), second);
  EXPECT_TRUE(NearEnd().has_value());
}

// The kernel of this test has it: what was asked of it shows.
TEST_F(Room, AsksNothingOfIpv6WhereTheKernelHasNone) {
  const ScratchDirectory sysctls;  // without net/ipv6
  UseProcSys(sysctls.path());
  Open();
  UseProcSys("/proc/sys");
  EXPECT_EQ(Pinned().size(), 1U);
  EXPECT_EQ(Must(ReadSysctl("net.ipv6.conf.fl_room.addr_gen_mode")), "0") << "as it is by itself";
}

TEST_F(Room, LeavesNothingBehind) {
  Open();
  MustOk(RemoveReassemblyRoom(host_, pins()));
  EXPECT_FALSE(NearEnd().has_value());
  EXPECT_TRUE(Pinned().empty());
  MustOk(RemoveReassemblyRoom(host_, pins()));
}

}  // namespace
}  // namespace fairlead::testing
