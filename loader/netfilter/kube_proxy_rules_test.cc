// SPDX-License-Identifier: Apache-2.0
//
// The rule sets of a real kube-proxy among rules of others.
#include "loader/netfilter/kube_proxy_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/durable_file.h"
#include "lab/process.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Must;
using testing::MustOk;
using ::testing::Not;
using testing::ScratchNetns;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::string RulesOf(const std::string& file) {
  return Must(ReadWholeFile(FAIRLEAD_TEST_DATA "/kube-proxy/" + file));
}

class KubeProxyRulesOnANode : public ::testing::Test {
 protected:
  void LoadNftables() { MustOk(nftables_.Run(RulesOf("nftables.nft"))); }
  void LoadIptables(const char* tool, const std::string& rules) {
    const auto loaded = lab::Run({.argv = {tool}, .input = rules}, std::chrono::seconds(60));
    ASSERT_TRUE(loaded.ok() && loaded->exit_code == 0) << loaded.status() << loaded->err;
  }
  std::string RuleSet() { return Must(nftables_.List("list ruleset")).dump(); }

  ScratchNetns netns_;
  Nftables nftables_ = Must(Nftables::Open());
};

TEST_F(KubeProxyRulesOnANode, NoneAreFoundWhereItNeverRan) {
  MustOk(nftables_.Run("add table ip nat; add chain ip nat KUBE-ROUTER-OUTPUT; add table inet x"));
  const KubeProxyRules rules = Must(FindKubeProxyRules(nftables_));
  EXPECT_TRUE(rules.empty());
  EXPECT_TRUE(RemoveKubeProxyRules(nftables_, rules).ok());
  EXPECT_THAT(RuleSet(), HasSubstr("KUBE-ROUTER-OUTPUT"));
}

TEST_F(KubeProxyRulesOnANode, TablesOfNftablesModeGoAndOthersStay) {
  LoadNftables();
  MustOk(
      nftables_.Run("add table ip mine; add chain ip mine kube-proxy; add table inet kube-proxy"));
  const KubeProxyRules rules = Must(FindKubeProxyRules(nftables_));
  EXPECT_THAT(rules.tables, UnorderedElementsAre("ip kube-proxy", "ip6 kube-proxy"));
  MustOk(RemoveKubeProxyRules(nftables_, rules));
  EXPECT_TRUE(Must(FindKubeProxyRules(nftables_)).empty());
  const std::string left = RuleSet();
  EXPECT_THAT(left, Not(HasSubstr("10.96.100.100")));
  EXPECT_THAT(left, HasSubstr(R"("table":"mine")"));
  EXPECT_THAT(left, HasSubstr(R"("family":"inet")")) << "not a table that kube-proxy makes";
}

TEST_F(KubeProxyRulesOnANode, ChainsOfIptablesModeGoAndOthersStay) {
  LoadIptables("iptables-restore", RulesOf("iptables.rules"));
  LoadIptables("ip6tables-restore",
               "*nat\n:KUBE-SERVICES - [0:0]\n-A OUTPUT -j KUBE-SERVICES\n"
               "COMMIT\n");
  MustOk(
      nftables_.Run("add chain ip nat MINE; add rule ip nat PREROUTING counter jump MINE; "
                    "add rule ip nat MINE return; add chain ip filter KUBE-KUBELET-CANARY"));
  const KubeProxyRules rules = Must(FindKubeProxyRules(nftables_));
  EXPECT_THAT(rules.tables, IsEmpty());
  // INPUT 3, FORWARD 4, OUTPUT 2 of filter; PREROUTING, OUTPUT, POSTROUTING of nat; one of IPv6.
  EXPECT_THAT(rules.jumps, SizeIs(13));
  MustOk(RemoveKubeProxyRules(nftables_, rules));
  EXPECT_TRUE(Must(FindKubeProxyRules(nftables_)).empty());
  const std::string left = RuleSet();
  for (const char* gone :
       {"KUBE-SERVICES", "KUBE-SVC-", "KUBE-SEP-", "KUBE-MARK-MASQ", "CANARY\"}"}) {
    EXPECT_THAT(left, Not(HasSubstr(gone)));
  }
  EXPECT_THAT(left, HasSubstr(R"("jump":{"target":"MINE"})"));
  EXPECT_THAT(left, HasSubstr(R"("jump":{"target":"KUBE-FIREWALL"})")) << "the kubelet's";
  EXPECT_THAT(left, HasSubstr("KUBE-KUBELET-CANARY")) << "the kubelet's";
}

TEST_F(KubeProxyRulesOnANode, AllOrNoneGo) {
  LoadIptables("iptables-restore", RulesOf("iptables.rules"));
  // Somebody else's chain leads there: the kernel refuses, and nothing is half done.
  MustOk(nftables_.Run("add chain ip nat MINE; add rule ip nat MINE jump KUBE-MARK-MASQ"));
  const KubeProxyRules rules = Must(FindKubeProxyRules(nftables_));
  const absl::Status status = RemoveKubeProxyRules(nftables_, rules);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("ip nat MINE leads to KUBE-MARK-MASQ"));
  EXPECT_EQ(Must(FindKubeProxyRules(nftables_)).chains, rules.chains);
}

TEST_F(KubeProxyRulesOnANode, TranslationIsKeptAndStopped) {
  MustOk(KeepTranslating(nftables_));
  MustOk(KeepTranslating(nftables_));
  EXPECT_THAT(RuleSet(), HasSubstr(R"("hook":"postrouting")"));
  MustOk(StopTranslating(nftables_));
  EXPECT_THAT(RuleSet(), Not(HasSubstr("fairlead")));
  MustOk(StopTranslating(nftables_));
}

TEST(KubeProxyChains, AreToldFromOthersByName) {
  for (const char* ours : {"KUBE-SERVICES", "KUBE-SVC-ABCDEF2345", "KUBE-NODE-PORT"}) {
    EXPECT_TRUE(IsKubeProxyChain(ours)) << ours;
  }
  for (const char* foreign :
       {"KUBE-FIREWALL", "KUBE-SVC-", "KUBE-SVC-A b", "KUBE-SVC-;flush", "KUBE-ROUTER-INPUT",
        "KUBE-POD-FW-AB", "CNI-DN-1", "", "PREROUTING"}) {
    EXPECT_FALSE(IsKubeProxyChain(foreign)) << foreign;
  }
}

}  // namespace
}  // namespace fairlead
