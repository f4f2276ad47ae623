// SPDX-License-Identifier: Apache-2.0
#include "loader/config/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/durable_file.h"

namespace fairlead::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const HostFacts kHost{.hostname = "Worker-1.Example", .cores = 4};

ConfigFile Parsed(const std::string& text) {
  absl::StatusOr<ConfigFile> file = ParseConfig("F", text, kHost);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.value_or(ConfigFile{});
}

ConfigFile ParsedData(const std::string& name) {
  const absl::StatusOr<std::string> text = ReadWholeFile(FAIRLEAD_TEST_DATA "/config/" + name);
  EXPECT_TRUE(text.ok()) << text.status();
  return Parsed(text.value_or(""));
}

std::string Complaint(const std::string& text) {
  const absl::StatusOr<ConfigFile> file = ParseConfig("F", text, kHost);
  EXPECT_TRUE(absl::IsInvalidArgument(file.status())) << text;
  return std::string(file.status().message());
}

// "--flag a,b @line", as short as a test can say it.
std::vector<std::string> Said(const ConfigFile& file) {
  std::vector<std::string> said;
  for (const Setting& setting : file.settings) {
    std::string values;
    for (const std::string& value : setting.values) {
      values += (values.empty() ? "" : "|") + value;
    }
    said.push_back(setting.flag + " " + values + " @" + std::to_string(setting.line));
  }
  return said;
}

std::vector<std::string> Noted(const ConfigFile& file) {
  std::vector<std::string> noted;
  for (const Note& note : file.notes) noted.push_back(note.key + " @" + std::to_string(note.line));
  return noted;
}

const std::string kOurs = "apiVersion: fairlead.io/v1alpha1\nkind: FairleadConfiguration\n";
const std::string kKubeProxys =
    "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

TEST(FairleadConfiguration, SaysWhatFlagsSay) {
  EXPECT_THAT(Said(Parsed(kOurs + "nodeName: node1\n"
                                  "podCidrs: [10.244.1.0/24, \"fd00::/64\"]\n"
                                  "mtu: 1400\n"
                                  "masquerade: false\n"
                                  "nodeIp:\n"
                                  "devices: []\n")),
              ElementsAre("--devices  @8", "--masquerade false @6", "--mtu 1400 @5",
                          "--node-name node1 @3", "--pod-cidrs 10.244.1.0/24|fd00::/64 @4"));
}

TEST(FairleadConfiguration, MayBeJson) {
  EXPECT_THAT(Said(Parsed(R"({"apiVersion": "fairlead.io/v1alpha1",
                              "kind": "FairleadConfiguration",
                              "vni": 7})")),
              ElementsAre("--vni 7 @3"));
}

TEST(FairleadConfiguration, IsRefusedWithFileLineAndKey) {
  EXPECT_EQ(Complaint(kOurs + "node-name: a\n"),
            "F: line 3: node-name: is no key of FairleadConfiguration");
  EXPECT_THAT(Complaint(kOurs + "mtu: 1.5\n"), StartsWith("F: line 3: mtu: is a fraction"));
  EXPECT_THAT(Complaint(kOurs + "\nmtu: {a: 1}\n"), StartsWith("F: line 4: mtu: must be"));
  EXPECT_THAT(Complaint(kOurs + "podCidrs:\n- a\n- [b]\n"),
              StartsWith("F: line 5: podCidrs[1]: must be"));
  EXPECT_THAT(Complaint(kOurs + "mtu: 1\nmtu: 2\n"),
              AllOf(StartsWith("F: line 4: "), HasSubstr("\"mtu\" is there twice")));
}

TEST(ConfigurationOfAnyKind, IsOneDocumentOfAKindThatWeRead) {
  EXPECT_EQ(Complaint(""), "F: is empty");
  EXPECT_EQ(Complaint("# nothing\n---\n"), "F: is empty");
  EXPECT_EQ(Complaint("- 1\n"), "F: line 1: must be a mapping");
  EXPECT_EQ(Complaint(kOurs + "---\n" + kOurs), "F: line 4: has more than one document");
  EXPECT_THAT(Complaint("a: [\n"), StartsWith("F: line "));
  EXPECT_THAT(Complaint("kind: FairleadConfiguration\n"),
              AllOf(StartsWith("F: line 1: apiVersion and kind must be fairlead.io/v1alpha1"),
                    HasSubstr("are \"\" and \"FairleadConfiguration\"")));
  EXPECT_THAT(Complaint("apiVersion: fairlead.io/v2\nkind: FairleadConfiguration\n"),
              HasSubstr("fairlead.io/v2"));
  EXPECT_EQ(Parsed("---\n" + kOurs + "---\n").kind, "FairleadConfiguration");
}

TEST(KubeProxyConfigurationOfKubeadm, IsAcceptedUnchanged) {
  const ConfigFile file = ParsedData("kube-proxy-configmap.yaml");
  EXPECT_EQ(file.kind, "KubeProxyConfiguration");
  EXPECT_THAT(Said(file),
              ElementsAre("--kubeconfig /var/lib/kube-proxy/kubeconfig.conf @12",
                          "--cluster-cidr 10.244.0.0/16,fd00:10:244::/48 @14",
                          "--node-name worker-1.example @0", "--nodeport-addresses all @0"));
  EXPECT_THAT(Noted(file), IsEmpty());
}

TEST(KubeProxyConfiguration, IsMappedOrNoted) {
  const ConfigFile file = ParsedData("kube-proxy-tuned.yaml");
  EXPECT_THAT(Said(file), ElementsAre("--kubeconfig /etc/kubernetes/kube-proxy.conf @8",
                                      "--cluster-cidr 10.244.0.0/16 @11",
                                      "--conntrack-tcp-timeout-close-wait 1h30m @17",
                                      "--conntrack-tcp-timeout-established 48h0m0s @18",
                                      "--conntrack-udp-timeout-stream 300s @20",
                                      "--conntrack-udp-timeout 20s @19", "--node-name worker-7 @4",
                                      "--node-ip 192.0.2.7 @5", "--max-flows 262144 @14",
                                      "--log-level debug @37"));
  EXPECT_THAT(
      Noted(file),
      ElementsAre("bindAddressHardFail @6", "clientConnection.burst @10", "clientConnection.qps @9",
                  "colour @44", "configSyncPeriod @12", "conntrack.tcpBeLiberal @16",
                  "detectLocal.bridgeInterface @23", "detectLocalMode @21", "enableProfiling @24",
                  "featureGates.NFTablesProxyMode @26", "iptables.masqueradeAll @28",
                  "iptables.masqueradeBit @29", "iptables.minSyncPeriod @30",
                  "iptables.syncPeriod @31", "ipvs.scheduler @33", "ipvs.strictARP @34",
                  "logging.format @36", "mode @38", "nftables.masqueradeBit @40", "oomScoreAdj @41",
                  "portRange @42"));
  EXPECT_EQ(file.notes[3].reason, "is no key of KubeProxyConfiguration: ignored");
}

TEST(KubeProxyConfiguration, G_sizes_the_flow_table_as_it_would_nf_conntrack) {
  const auto flows = [](const std::string& conntrack) {
    return Said(Parsed(kKubeProxys + "hostnameOverride: a\nconntrack: " + conntrack +
                       "\nmode: nftables\n"));
  };
  const std::string name = "--node-name a @3";
  EXPECT_THAT(flows("{maxPerCore: 65536}"), ElementsAre(name, "--max-flows 262144 @4"));
  EXPECT_THAT(flows("{maxPerCore: 10}"), ElementsAre(name, "--max-flows 131072 @4"));
  EXPECT_THAT(flows("{min: 500000}"), ElementsAre(name, "--max-flows 500000 @4"));
  EXPECT_THAT(flows("{maxPerCore: 2000000000}"), ElementsAre(name, "--max-flows 16777216 @4"));
  // 0: "leave the limit as it is and ignore min".
  EXPECT_THAT(flows("{maxPerCore: 0, min: 500000}"), ElementsAre(name));
}

TEST(KubeProxyConfiguration, WithoutValuesIsTheNodeOfTheHostsName) {
  const ConfigFile file = Parsed(kKubeProxys);
  EXPECT_THAT(Said(file),
              ElementsAre("--node-name worker-1.example @0", "--nodeport-addresses all @0"));
  EXPECT_THAT(file.notes, IsEmpty());
}

TEST(KubeProxyConfiguration, ServesNodePortsWhereKubeProxyWould) {
  const auto addresses = [](const std::string& keys) { return Said(Parsed(kKubeProxys + keys)); };
  EXPECT_THAT(addresses("mode: iptables\nhostnameOverride: a\n"),
              ElementsAre("--node-name a @4", "--nodeport-addresses all @0"));
  EXPECT_THAT(addresses("mode: nftables\nhostnameOverride: a\n"), ElementsAre("--node-name a @4"));
  EXPECT_THAT(addresses("nodePortAddresses: [primary, 192.0.2.0/24]\nhostnameOverride: a\n"),
              ElementsAre("--node-name a @4", "--nodeport-addresses primary|192.0.2.0/24 @3"));
  EXPECT_EQ(Complaint(kKubeProxys + "nodePortAddresses: all\n"),
            "F: line 3: nodePortAddresses: must be a list of strings");
}

TEST(KubeProxyConfiguration, IsRefusedWithFileLineAndKey) {
  EXPECT_EQ(Complaint(kKubeProxys + "clusterCIDR: 5\n"),
            "F: line 3: clusterCIDR: must be a string");
  EXPECT_EQ(Complaint(kKubeProxys + "conntrack:\n  udpTimeout: soon\n"),
            "F: line 4: conntrack.udpTimeout: must be a duration like 1h30m");
  EXPECT_THAT(Complaint(kKubeProxys + "bindAddress: here\n"),
              StartsWith("F: line 3: bindAddress: "));
  EXPECT_THAT(Complaint(kKubeProxys + "conntrack: {maxPerCore: -1}\n"),
              StartsWith("F: line 3: conntrack.maxPerCore: must be"));
  EXPECT_THAT(Complaint(kKubeProxys + "conntrack: 3\n"), StartsWith("F: line 3: conntrack"));
}

TEST(ConfigMapWithAConfiguration, ComplainsInLinesOfTheFile) {
  const std::string map = "apiVersion: v1\nkind: ConfigMap\ndata:\n";
  EXPECT_THAT(Complaint(map + "  config.conf: |\n    apiVersion: fairlead.io/v1alpha1\n"
                              "    kind: FairleadConfiguration\n    no-key: 1\n"),
              StartsWith("F: line 7: no-key: "));
  EXPECT_THAT(Complaint(map + "  config.conf: |\n    a: [\n"), StartsWith("F: line "));
  EXPECT_EQ(Complaint(map + "  other: a\n"),
            "F: line 3: the ConfigMap has no data[\"config.conf\"]");
  // A quoted text has no lines of its own in the file.
  EXPECT_THAT(Said(Parsed(map + "  config.conf: \"kind: FairleadConfiguration\\napiVersion: "
                                "fairlead.io/v1alpha1\\nvni: 3\\n\"\n")),
              ElementsAre("--vni 3 @3"));
}

}  // namespace
}  // namespace fairlead::config
