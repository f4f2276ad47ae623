// SPDX-License-Identifier: Apache-2.0
//
// What the daemon puts into the runtime's directories, and that it touches
// nothing there that is not its own.
#include "loader/daemon/cni_install.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/durable_file.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

using nlohmann::json;
using ::testing::UnorderedElementsAre;

class CniInstall : public ::testing::Test {
 protected:
  CniInstall() {
    options_.state_dir = directory_.path() + "/state";
    options_.run_dir = "/run/other";
    options_.cni_bin_dir = directory_.path() + "/opt/cni/bin";
    options_.cni_conf_dir = directory_.path() + "/etc/cni/net.d";
    options_.cni_binary = directory_.path() + "/built";
    MustOk(MakePrivateDirectory(options_.state_dir));
    std::ofstream(options_.cni_binary) << "first build";
  }

  std::string binary() const { return options_.cni_bin_dir + "/fairlead-cni"; }
  std::string conflist() const { return options_.cni_conf_dir + "/10-fairlead.conflist"; }
  static std::vector<std::string> FilesIn(const std::string& path) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  static mode_t ModeOf(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  ScratchDirectory directory_;
  Options options_;
};

TEST_F(CniInstall, BinaryAndConfigurationAreThereAndNothingElse) {
  ASSERT_EQ(InstallCni(options_), absl::OkStatus());
  EXPECT_THAT(FilesIn(options_.cni_bin_dir), UnorderedElementsAre("fairlead-cni"));
  EXPECT_THAT(FilesIn(options_.cni_conf_dir), UnorderedElementsAre("10-fairlead.conflist"));
  EXPECT_EQ(Must(ReadWholeFile(binary())), "first build");
  EXPECT_EQ(ModeOf(binary()), 0755u);
  const json configuration = json::parse(Must(ReadWholeFile(conflist())));
  EXPECT_EQ(configuration.at("name"), "fairlead");
  EXPECT_EQ(configuration.at("plugins").at(0).at("type"), "fairlead-cni");
  EXPECT_EQ(configuration.at("plugins").at(0).at("socket"), "/run/other/cni.sock");
}

TEST_F(CniInstall, OlderFilesOfOursAreReplacedAndEqualOnesNotTouched) {
  ASSERT_EQ(InstallCni(options_), absl::OkStatus());
  const auto before = std::filesystem::last_write_time(conflist());
  std::ofstream(options_.cni_binary) << "second build";
  ASSERT_EQ(InstallCni(options_), absl::OkStatus());
  EXPECT_EQ(Must(ReadWholeFile(binary())), "second build");
  EXPECT_EQ(std::filesystem::last_write_time(conflist()), before);
  options_.run_dir = "/run/elsewhere";
  ASSERT_EQ(InstallCni(options_), absl::OkStatus());
  EXPECT_NE(Must(ReadWholeFile(conflist())).find("/run/elsewhere/cni.sock"), std::string::npos);
}

TEST_F(CniInstall, ConfigurationWithOtherPluginsIsTheirsAlsoForCleanup) {
  const std::string chained =
      R"({"name": "fairlead", "plugins": [{"type": "fairlead-cni"}, {"type": "bandwidth"}]})";
  std::filesystem::create_directories(options_.cni_conf_dir);
  std::ofstream(conflist()) << chained;
  ASSERT_EQ(InstallCni(options_), absl::OkStatus());
  EXPECT_EQ(Must(ReadWholeFile(conflist())), chained);
  ASSERT_EQ(UninstallCni(options_.state_dir), absl::OkStatus());
  EXPECT_EQ(Must(ReadWholeFile(conflist())), chained);
  EXPECT_FALSE(std::filesystem::exists(binary()));
}

TEST_F(CniInstall, UninstallRemovesBothAndTwiceIsFine) {
  ASSERT_EQ(InstallCni(options_), absl::OkStatus());
  std::ofstream(options_.cni_conf_dir + "/99-loopback.conf") << "{}";
  for (int i = 0; i < 2; ++i) EXPECT_EQ(UninstallCni(options_.state_dir), absl::OkStatus());
  EXPECT_FALSE(std::filesystem::exists(binary()));
  EXPECT_THAT(FilesIn(options_.cni_conf_dir), UnorderedElementsAre("99-loopback.conf"));
}

TEST_F(CniInstall, OtherDirectoriesOrNoneTakeTheOldFilesAway) {
  ASSERT_EQ(InstallCni(options_), absl::OkStatus());
  const std::string old_binary = binary();
  const std::string old_conflist = conflist();
  options_.cni_bin_dir = directory_.path() + "/elsewhere";
  options_.cni_conf_dir.clear();
  ASSERT_EQ(InstallCni(options_), absl::OkStatus());
  EXPECT_FALSE(std::filesystem::exists(old_binary));
  EXPECT_FALSE(std::filesystem::exists(old_conflist));
  EXPECT_TRUE(std::filesystem::exists(binary()));
}

TEST_F(CniInstall, WithoutFlagsNothingIsTouched) {
  options_.cni_bin_dir.clear();
  options_.cni_conf_dir.clear();
  EXPECT_EQ(InstallCni(options_), absl::OkStatus());
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/opt"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/etc"));
}

TEST_F(CniInstall, MissingBinaryIsAnErrorThatNamesItAndNoConfigurationIsWritten) {
  options_.cni_binary = directory_.path() + "/nowhere";
  const absl::Status status = InstallCni(options_);
  EXPECT_NE(status.message().find("nowhere"), std::string::npos) << status;
  EXPECT_FALSE(std::filesystem::exists(conflist()));
}

}  // namespace
}  // namespace fairlead::testing
