// SPDX-License-Identifier: Apache-2.0
//
// Promise: the rules that the measurement loads are those of a real kube-proxy.
// They go into the kernel of a scratch namespace and are listed by the tools
// that listed the recorded ones.
#include "bench/services/kube_proxy_rules.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/durable_file.h"
#include "lab/network_namespace.h"
#include "lab/process.h"

namespace fairlead::bench {
namespace {

using ::testing::IsSubsetOf;
using ::testing::UnorderedElementsAreArray;

IpAddress Ip(const std::string& text) { return IpAddress::Parse(text).value(); }

Backend At(const std::string& address) {
  return {.endpoint = {Ip(address), 7777}, .node = "worker"};
}

// The three Services that are in the recorded files, in their order.
Cluster Recorded(const Backend& backend) {
  Cluster cluster = MakeCluster(3, 10, "worker", Ip("198.18.0.11"), backend);
  cluster.services[0].front.address = Ip("10.107.178.15");
  cluster.services[2].front.address = Ip("10.111.13.14");
  std::swap(cluster.services[0], cluster.services[2]);
  return cluster;
}

std::string RecordedText(const std::string& file) {
  return ReadWholeFile(FAIRLEAD_TEST_DATA "/kube-proxy/" + file).value();
}

// What says something, line by line, without the counters of what passed.
std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with(':')) line.resize(line.find('['));
    lines.push_back(line);
  }
  return lines;
}

// A listing of nft as its sets, maps and chains, on one line each. Elements of a
// set have no order, so they are sorted.
std::vector<std::string> Objects(const std::string& listing) {
  std::vector<std::string> objects;
  std::string words;
  for (const std::string& line : Lines(listing)) {
    words += line + " ";
    if (line != "\t}") continue;
    words.erase(std::remove(words.begin(), words.end(), '\t'), words.end());
    constexpr std::string_view kElements = "elements = { ";
    const size_t begin = words.find(kElements);
    if (begin != std::string::npos) {
      const size_t end = words.find('}', begin);
      std::set<std::string> elements;
      std::istringstream stream(words.substr(begin + kElements.size(), end - begin));
      for (std::string element; std::getline(stream, element, ',');) {
        std::erase_if(element, [](char c) { return c == ' ' || c == '}'; });
        elements.insert(element);
      }
      std::string sorted;
      for (const std::string& element : elements) sorted += element + " ";
      words.replace(begin, end - begin, sorted);
    }
    objects.push_back(words);
    words.clear();
  }
  return objects;
}

class KubeProxyRules : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(lab::CreateNamespace(name_).ok()); }
  void TearDown() override { EXPECT_TRUE(lab::DeleteNamespace(name_).ok()); }

  std::string Run(const std::vector<std::string>& argv, const std::string& input = "") {
    const auto ran = lab::Run({.argv = argv, .network_namespace = name_, .input = input},
                              std::chrono::seconds(20));
    EXPECT_TRUE(ran.ok() && ran->exit_code == 0) << argv[0] << ": " << ran.status() << ran->err;
    return ran.ok() ? ran->out : "";
  }
  void LoadNftables(const std::string& rules) { Run({"nft", "-f", "-"}, rules); }
  std::string ListNftables() { return Run({"nft", "list", "table", table_family_, "kube-proxy"}); }
  void LoadIptables(const std::string& rules) {
    Run({iptables_ + "-nft-restore", "--noflush"}, rules);
  }
  // In the order of the recorded file.
  std::vector<std::string> SavedIptables() {
    std::string text;
    for (const char* table : {"mangle", "filter", "nat"}) {
      text += Run({iptables_ + "-nft-save", "-t", table});
    }
    return Lines(text);
  }

 private:
  const std::string name_ = fmt::format("fl-rules{}-node", ::getpid());

 protected:
  std::string table_family_ = "ip", iptables_ = "iptables";
};

class ChangedRules : public KubeProxyRules, public ::testing::WithParamInterface<Family> {
 protected:
  void SetUp() override {
    KubeProxyRules::SetUp();
    if (GetParam() == Family::kIpv4) return;
    table_family_ = "ip6";
    iptables_ = "ip6tables";
  }
  // One of three Services is at the pod of this number; which is the second one.
  static Cluster With(int pod) {
    return GetParam() == Family::kIpv4 ? Recorded(At(fmt::format("10.244.1.{}", pod)))
                                       : MakeCluster(3, 10, "worker", Ip("fd00:18::11"),
                                                     At(fmt::format("fd00:10:244:1::{}", pod)));
  }
};

TEST_F(KubeProxyRules, NftablesIsWhatWasRecorded) {
  LoadNftables(NftablesRules(Recorded(At("10.244.1.3"))));
  EXPECT_THAT(Objects(ListNftables()),
              UnorderedElementsAreArray(Objects(RecordedText("three.nft"))));
}

TEST_F(KubeProxyRules, IptablesIsWhatWasRecorded) {
  LoadIptables(IptablesRules(Recorded(At("10.244.1.3"))));
  EXPECT_EQ(SavedIptables(), Lines(RecordedText("three.rules")));
}

TEST_P(ChangedRules, NftablesAreWhatAFirstSyncWouldWrite) {
  const Cluster before = With(3), after = With(4);
  LoadNftables(NftablesRules(before));
  LoadNftables(NftablesChange(after, after.services[1], before.services[1].backends));
  const std::vector<std::string> changed = Objects(ListNftables());
  Run({"nft", "flush", "ruleset"});
  LoadNftables(NftablesRules(after));
  EXPECT_THAT(changed, UnorderedElementsAreArray(Objects(ListNftables())));
}

// kube-proxy clears the chain of the old endpoint away much later.
TEST_P(ChangedRules, IptablesHaveWhatAFirstSyncWouldWrite) {
  const Cluster before = With(3), after = With(4);
  LoadIptables(IptablesRules(before));
  LoadIptables(IptablesChange(after, after.services[1]));
  const std::vector<std::string> changed = SavedIptables();
  Run({"nft", "flush", "ruleset"});
  LoadIptables(IptablesRules(after));
  const std::vector<std::string> fresh = SavedIptables();
  EXPECT_THAT(fresh, IsSubsetOf(changed));
  EXPECT_EQ(changed.size(), fresh.size() + 3);
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, ChangedRules,
                         ::testing::Values(Family::kIpv4, Family::kIpv6),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace fairlead::bench
