// SPDX-License-Identifier: Apache-2.0
//
// `fairleadd cleanup`. Promise: the node is as it was before its first daemon.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "lab/network_namespace.h"
#include "maps/abi/limits_abi.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

namespace fs = std::filesystem;

class Cleanup : public TwoNodes {
 protected:
  bool StartsDaemons() const override { return false; }

  // Everything of the node's namespace that a daemon could change, as text.
  std::string Machine() {
    std::string text;
    for (const std::vector<std::string>& argv :
         std::vector<std::vector<std::string>>{{"ip", "address", "show"},
                                               {"ip", "rule", "show"},
                                               {"ip", "-6", "rule", "show"},
                                               {"ip", "route", "show", "table", "all"},
                                               {"ip", "-6", "route", "show", "table", "all"},
                                               {"ip", "neighbour", "show", "nud", "permanent"},
                                               {"tc", "qdisc", "show", "dev", "eth0"},
                                               {"tc", "filter", "show", "dev", "eth0", "ingress"},
                                               {"tc", "filter", "show", "dev", "eth0", "egress"},
                                               {"bpftool", "net", "show", "dev", "eth0"}}) {
      const auto shown = lab().Run("node1", argv, std::chrono::seconds(20));
      text += shown.ok() ? shown->out + shown->err : shown.status().ToString();
    }
    return text + Sysctls();
  }

  std::string Sysctls() {
    std::ostringstream text;
    FL_EXPECT_OK(lab::InNamespace(node(1).network_namespace(), [&] {
      for (const char* file : {"ipv4/ip_forward", "ipv4/conf", "ipv6/conf"}) {
        const fs::path path = fs::path("/proc/sys/net") / file;
        if (fs::is_regular_file(path)) text << path << ": " << std::ifstream(path).rdbuf();
        if (!fs::is_directory(path)) continue;
        std::set<fs::path> files;
        for (const auto& entry : fs::recursive_directory_iterator(path)) {
          if (entry.is_regular_file()) files.insert(entry.path());
        }
        for (const fs::path& entry : files) {
          std::string value;
          std::getline(std::ifstream(entry), value);
          text << entry << ": " << value << "\n";
        }
      }
      return absl::OkStatus();
    }));
    return text.str();
  }

  void CleanUp() { CleanUp(node(1).bpffs()); }
  void CleanUp(const std::string& bpffs) {
    const lab::Node& node1 = node(1);
    const auto cleaned = lab().Run("node1",
                                   {"fairleadd", "cleanup", "--state-dir", node1.state_dir(),
                                    "--run-dir", node1.run_dir(), "--bpffs", bpffs},
                                   std::chrono::seconds(30));
    FL_ASSERT_OK(cleaned.status());
    ASSERT_EQ(cleaned->exit_code, 0) << cleaned->err;
  }
};

TEST_P(Cleanup, A13_64_leaves_the_node_as_it_was_before_its_first_daemon) {
  const std::string before = Machine();
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  AddPod(1, "pod", "web");
  AddService("web", 10);
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGTERM));
  EXPECT_NE(Machine(), before) << "the dataplane stays when the daemon ends";
  // What a daemon writes that follows an API server.
  std::ofstream(node(1).state_dir() + "/api-servers.json") << "[]";
  std::ofstream(node(1).state_dir() + "/api-servers.json.new") << "[";
  CleanUp();
  EXPECT_EQ(Machine(), before);
  EXPECT_TRUE(fs::is_empty(node(1).bpffs()));
  EXPECT_FALSE(fs::exists(node(1).socket()));
  EXPECT_FALSE(fs::exists(node(1).state_dir()));
}

TEST_P(Cleanup, RemovesWhatAnotherTableLayoutHasLeft) {
  const std::string before = Machine();
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGTERM));
  // A directory among others', as on a real node: a mount of its own would go as a whole.
  const fs::path mount = node(1).bpffs(), pins = mount / "fairlead";
  fs::create_directory(pins);
  fs::rename(mount / FL_LAYOUT_VERSION, pins / "v0");
  CleanUp(pins);
  EXPECT_EQ(Machine(), before);
  EXPECT_FALSE(fs::exists(pins));
}

TEST_P(Cleanup, OfANodeThatNeverHadADaemonIsFine) {
  const std::string before = Machine();
  CleanUp();
  EXPECT_EQ(Machine(), before);
}

TEST_P(Cleanup, TheNextDaemonStartsFromNothing) {
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGKILL));
  CleanUp();
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  AddPod(1, "pod", "web");
}

// One family is enough: a node is cleaned up as a whole.
INSTANTIATE_TEST_SUITE_P(OneFamily, Cleanup, ::testing::Values(Family::kIpv4), NameOfFamily);

}  // namespace
}  // namespace fairlead::testing
