// SPDX-License-Identifier: Apache-2.0
//
// The daemon ends and comes back while packets fly. Promise: the dataplane does
// not need it; a restart adopts what is there and loses nothing; cleanup leaves
// the machine as it was.
#include <signal.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "base/durable_file.h"
#include "maps/abi/limits_abi.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

// The files of a directory, on a disk that has no room for another byte.
class FullDisk {
 public:
  explicit FullDisk(std::string directory) : directory_(std::move(directory)) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      if (!entry.is_regular_file()) continue;
      const absl::StatusOr<std::string> text = ReadWholeFile(entry.path());
      FL_EXPECT_OK(text.status());
      files[entry.path()] = text.value_or("");
    }
    EXPECT_EQ(mount("tmpfs", directory_.c_str(), "tmpfs", 0, "size=256k,mode=0700"), 0);
    for (const auto& [path, text] : files) FL_EXPECT_OK(WriteFileDurably(path, text));
    std::ofstream filler(Filler());
    while (filler << std::string(4096, 'x') << std::flush) {
    }
  }
  ~FullDisk() { umount2(directory_.c_str(), MNT_DETACH); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

  void MakeRoom() const { std::filesystem::remove(Filler()); }

 private:
  std::string Filler() const { return directory_ + "/filler"; }
  std::string directory_;
};

class DaemonRestart : public TwoNodes {
 protected:
  // On all of a node's devices.
  size_t ProgramsOf(const std::string& node) {
    const auto shown = lab().Run(node, {"bpftool", "net", "show"}, std::chrono::seconds(20));
    FL_EXPECT_OK(shown.status());
    return static_cast<size_t>(std::ranges::count(shown->out, '\n'));
  }

  // The client's daemon ends by `signal` in the middle of a download through a
  // Service, stays away for a while, and comes back.
  void ExpectNothingIsLost(int signal) {
    const lab::Pod client = AddPod(1, "client", "client");
    const lab::Pod backend = AddPod(2, "backend", "web");
    const TestService web = AddService("web", 10);
    const auto serving = ServeTcp(backend);
    ASSERT_TRUE(Settles(client, web, {"backend"}));
    auto connection = TcpClient::Open(client.network_namespace(), web.Front(GetParam()));
    FL_ASSERT_OK(connection.status());
    EndlessDownload download(*std::move(connection));
    ASSERT_TRUE(download.Advances(kMegabyte));

    FL_ASSERT_OK(lab().StopDaemon(node(1), signal));
    EXPECT_TRUE(download.Advances(16 * kMegabyte));
    EXPECT_EQ(Reached(client.network_namespace(), web.Front(GetParam()), 20).count("backend"), 20u)
        << "new connections while there is no daemon";

    FL_ASSERT_OK(lab().StartDaemon(node(1)));
    EXPECT_TRUE(download.Advances(16 * kMegabyte));
    EXPECT_EQ(Reached(client.network_namespace(), web.Front(GetParam()), 20).count("backend"), 20u)
        << "new connections after the restart";
    FL_EXPECT_OK(download.Finish());
  }
};

TEST_P(DaemonRestart, A13_63_E19_loses_nothing_when_terminated) { ExpectNothingIsLost(SIGTERM); }

TEST_P(DaemonRestart, A13_63_E19_loses_nothing_when_killed) { ExpectNothingIsLost(SIGKILL); }

TEST_P(DaemonRestart, A1_5_E19_no_connection_fails_while_it_happens_again_and_again) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod near = AddPod(1, "near", "web"), far = AddPod(2, "far", "web");
  const TestService web = AddService("web", 10);
  const auto serving_near = ServeTcp(near), serving_far = ServeTcp(far);
  ASSERT_TRUE(Settles(client, web, {"near", "far"}));

  std::atomic<bool> stop = false;
  std::atomic<int> opened = 0, failed = 0;
  absl::Status failure;
  std::thread load([&] {
    while (!stop) {
      const auto one = TcpClient::Open(client.network_namespace(), web.Front(GetParam()));
      ++(one.ok() ? opened : failed);
      if (!one.ok()) failure = one.status();
    }
  });
  absl::Status restarted;
  for (int round = 0; round < 3 && restarted.ok(); ++round) {
    const int before = opened;
    restarted = lab().RestartDaemon(node(1), round % 2 == 0 ? SIGKILL : SIGTERM);
    EXPECT_TRUE(lab::WaitUntil([&] { return opened > before + 20 || failed > 0; },
                               std::chrono::seconds(60)));
  }
  stop = true;
  load.join();
  FL_EXPECT_OK(restarted);
  EXPECT_EQ(failed, 0) << "of " << opened + failed << ": " << failure;
}

TEST_P(DaemonRestart, AFullDiskCostsNewPodsAlone) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod first = AddPod(2, "first", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(first);
  ASSERT_TRUE(Settles(client, web, {"first"}));
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGTERM));
  const FullDisk disk(node(1).state_dir());
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  const lab::Pod second = AddPod(2, "second", "web");
  const auto serving_second = ServeTcp(second);
  EXPECT_TRUE(Settles(client, web, {"first", "second"})) << "Services are followed";
  EXPECT_FALSE(lab().AddPod("node1", "refused", {}).ok());
  disk.MakeRoom();
  const lab::Pod late = AddPod(1, "late", "client");
  EXPECT_EQ(Reached(late.network_namespace(), web.Front(GetParam()), 3).count(""), 0U);
}

TEST_P(DaemonRestart, PodsOfBeforeAndAfterTalk) {
  const lab::Pod before = AddPod(1, "before", "web");
  FL_ASSERT_OK(lab().RestartDaemon(node(1), SIGKILL));
  const lab::Pod after = AddPod(1, "after", "client");
  EXPECT_NE(AddressOf(before), AddressOf(after));
  const auto serving = ServeTcp(before);
  const auto connection = TcpClient::Open(after.network_namespace(), On(before));
  FL_ASSERT_OK(connection.status());
  EXPECT_EQ(connection->seen_as(), AddressOf(after));
}

TEST_P(DaemonRestart, ChangesMadeMeanwhileAreApplied) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod stays = AddPod(1, "stays", "web"), goes = AddPod(2, "goes", "web");
  const TestService web = AddService("web", 10);
  const auto serving_stays = ServeTcp(stays), serving_goes = ServeTcp(goes);
  ASSERT_TRUE(Settles(client, web, {"stays", "goes"}));
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGKILL));
  FL_ASSERT_OK(lab().SetReady("goes", false));
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  EXPECT_TRUE(Settles(client, web, {"stays"}));
}

// As if the daemon of before had been one with another layout of the tables.
TEST_P(DaemonRestart, FromAnotherTableLayoutLeavesNoHookOfThatOne) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod backend = AddPod(1, "backend", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(backend);
  ASSERT_TRUE(Settles(client, web, {"backend"}));
  const size_t programs = ProgramsOf("node1");
  const std::filesystem::path pins = node(1).bpffs();
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGTERM));
  std::filesystem::rename(pins / FL_LAYOUT_VERSION, pins / "v0");
  std::filesystem::create_directories(pins / "v0x" / "links");  // nobody's business
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  EXPECT_TRUE(Settles(client, web, {"backend"}));
  EXPECT_EQ(ProgramsOf("node1"), programs);
  EXPECT_FALSE(std::filesystem::exists(pins / "v0"));
  EXPECT_TRUE(std::filesystem::exists(pins / "v0x" / "links"));
}

FL_BOTH_FAMILIES(DaemonRestart);

class OneDaemonPerNode : public TwoNodes {};

TEST_P(OneDaemonPerNode, ASecondOneRefusesAndTheFirstGoesOn) {
  const auto second =
      lab::Run({.argv = node(1).DaemonArgv(), .network_namespace = node(1).network_namespace()},
               std::chrono::seconds(30));
  FL_ASSERT_OK(second.status());
  EXPECT_NE(second->exit_code, 0);
  EXPECT_FALSE(second->err.empty()) << "it says why";
  EXPECT_TRUE(node(1).DaemonRuns());
  AddPod(1, "pod", "web");
}

// One family is enough: no packet is involved.
INSTANTIATE_TEST_SUITE_P(OneFamily, OneDaemonPerNode, ::testing::Values(Family::kIpv4),
                         NameOfFamily);

}  // namespace
}  // namespace fairlead::testing
