// SPDX-License-Identifier: Apache-2.0
//
// Names lead nowhere but /proc/sys/net, and what was changed can be put back.
#include "loader/netlink/sysctls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/durable_file.h"
#include "loader/netlink/scratch_netns.h"
#include "loader/netlink/sysctl_journal.h"

namespace fairlead::testing {
namespace {

using ::testing::HasSubstr;

TEST(SysctlName, DotsAndSlashesMeanWhatTheyMeanToSysctl) {
  EXPECT_EQ(Must(SysctlPath("net.ipv4.ip_forward")), "/proc/sys/net/ipv4/ip_forward");
  EXPECT_EQ(Must(SysctlPath("net.ipv4.conf.eth0/100.rp_filter")),
            "/proc/sys/net/ipv4/conf/eth0.100/rp_filter");
  EXPECT_EQ(Must(SysctlPath(DeviceSysctl(Family::kIpv6, "eth0.100", "accept_ra"))),
            "/proc/sys/net/ipv6/conf/eth0.100/accept_ra");
}

TEST(SysctlName, NothingOutsideOfNetIsAccepted) {
  for (const char* name : {"", "net", "kernel.panic", "/net/ipv4/ip_forward", "net/../kernel/panic",
                           "net.ipv4..ip_forward", "net/ipv4/", "net/./ipv4/ip_forward"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SysctlPath(name).status())) << name;
  }
}

class Journal : public ::testing::Test {
 protected:
  static constexpr char kName[] = "net.ipv4.ip_forward";

  ScratchNetns node_;
  ScratchDirectory directory_;
  std::string path_ = directory_.path() + "/sysctls.json";
};

TEST_F(Journal, PutsBackWhatWasThereBeforeTheFirstChange) {
  MustOk(WriteSysctl(kName, "0"));
  {
    SysctlJournal journal = Must(SysctlJournal::Open(path_));
    ASSERT_TRUE(journal.Set(kName, "1").ok());
  }
  SysctlJournal after_restart = Must(SysctlJournal::Open(path_));
  MustOk(WriteSysctl(kName, "0"));
  ASSERT_TRUE(after_restart.Set(kName, "1").ok());
  ASSERT_TRUE(after_restart.RestoreAll().ok());
  EXPECT_EQ(Must(ReadSysctl(kName)), "0");
  EXPECT_TRUE(absl::IsNotFound(ReadWholeFile(path_).status()));
}

TEST_F(Journal, ValueThatIsRightAlreadyIsNotRecorded) {
  MustOk(WriteSysctl(kName, "1"));
  SysctlJournal journal = Must(SysctlJournal::Open(path_));
  ASSERT_TRUE(journal.Set(kName, "1").ok());
  EXPECT_TRUE(journal.originals().empty());
}

TEST_F(Journal, FollowsADeviceToItsNewName) {
  SysctlJournal journal = Must(SysctlJournal::Open(path_));
  ASSERT_TRUE(journal.Set("net/ipv4/conf/lo/rp_filter", "2").ok());
  ASSERT_TRUE(journal.RenameDevice("lo", "loop0").ok());
  ASSERT_TRUE(journal.RenameDevice("other", "lo").ok());
  const SysctlJournal after_restart = Must(SysctlJournal::Open(path_));
  ASSERT_EQ(after_restart.originals().size(), 1u);
  EXPECT_EQ(after_restart.originals().begin()->first, "net/ipv4/conf/loop0/rp_filter");
}

TEST_F(Journal, SettingOfADeviceThatIsGoneIsSkipped) {
  MustOk(WriteFileDurably(path_, R"({"net/ipv4/conf/gone0/rp_filter": "1"})"));
  SysctlJournal journal = Must(SysctlJournal::Open(path_));
  EXPECT_TRUE(journal.RestoreAll().ok());
}

TEST_F(Journal, DamagedFileIsAnErrorThatNamesIt) {
  for (const char* text : {"", "{", "[]", R"({"net/ipv4/ip_forward": 1})", R"({"../x": "1"})"}) {
    MustOk(WriteFileDurably(path_, text));
    const absl::Status status = SysctlJournal::Open(path_).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
  }
}

TEST_F(Journal, SettingThatTheKernelLacksIsNotFound) {
  SysctlJournal journal = Must(SysctlJournal::Open(path_));
  EXPECT_TRUE(absl::IsNotFound(journal.Set("net.ipv4.no_such_setting", "1")));
}

}  // namespace
}  // namespace fairlead::testing
