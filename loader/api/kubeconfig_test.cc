// SPDX-License-Identifier: Apache-2.0
#include "loader/api/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "base/durable_file.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::api {
namespace {

using fairlead::testing::Must;
using fairlead::testing::MustOk;
using fairlead::testing::ScratchDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr char kPem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

std::string PemData() { return absl::Base64Escape(kPem); }

// A file with one cluster and one user of these fields (flow mappings).
std::string Kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
         "contexts: [{name: there, context: {cluster: x, user: y}},\n"
         "           {name: here, context: {cluster: home, user: me, namespace: unused}}]\n"
         "clusters:\n- name: home\n  cluster: " +
         cluster + "\nusers:\n- name: me\n  user: " + user + "\n";
}

Access Parsed(const std::string& cluster, const std::string& user) {
  return Must(ParseKubeconfig(Kubeconfig(cluster, user), "/etc/kubernetes"));
}

TEST(AKubeconfig, TakesItsCurrentContextOnly) {
  const Access access = Parsed(
      "{server: 'https://10.0.0.1:6443/', certificate-authority: pki/ca.crt, tls-server-name: api}",
      "{client-certificate: /pki/me.crt, client-key: me.key}");
  EXPECT_THAT(access.servers,
              ElementsAre(ServerAddress{.url = "https://10.0.0.1:6443", .tls_name = "api"}));
  EXPECT_EQ(access.ca.file, "/etc/kubernetes/pki/ca.crt");
  EXPECT_EQ(access.user.certificate.file, "/pki/me.crt");
  EXPECT_EQ(access.user.key.file, "/etc/kubernetes/me.key");
  EXPECT_FALSE(access.insecure_skip_tls_verify);
}

TEST(AKubeconfig, MayHoldWhatItsFilesWouldHold) {
  const Access access =
      Parsed("{server: 'https://a', certificate-authority-data: " + PemData() + "}",
             "{client-certificate-data: " + PemData() + ", client-key-data: " + PemData() + "}");
  EXPECT_EQ(access.servers.front().url, "https://a:443");
  EXPECT_EQ(access.ca.text, kPem);
  EXPECT_EQ(access.user.certificate.text, kPem);
  EXPECT_EQ(access.user.key.text, kPem);
}

TEST(AKubeconfig, KnowsEveryKindOfUser) {
  EXPECT_EQ(Parsed("{server: 'https://a'}", "{token: abc}").user.token.text, "abc");
  const User rotating = Parsed("{server: 'https://a'}", "{token: old, tokenFile: t}").user;
  EXPECT_EQ(rotating.token.file, "/etc/kubernetes/t");
  EXPECT_EQ(rotating.token.text, "old");
  const User basic = Parsed("{server: 'https://a'}", "{username: u, password: p}").user;
  EXPECT_EQ(basic.username + ":" + basic.password, "u:p");
  const User exec =
      Parsed("{server: 'https://a'}",
             "{exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, args: [a, "
             "'b c'],"
             " env: [{name: A, value: '1'}], interactiveMode: IfAvailable, installHint: get it}}")
          .user;
  ASSERT_TRUE(exec.exec);
  EXPECT_EQ(exec.exec->command, "/etc/kubernetes/bin/login");
  EXPECT_THAT(exec.exec->arguments, ElementsAre("a", "b c"));
  EXPECT_THAT(exec.exec->environment, ElementsAre(Pair("A", "1")));
  EXPECT_EQ(exec.exec->install_hint, "get it");
  EXPECT_EQ(exec.exec->cluster_json, "");
  const User in_path =
      Parsed("{server: 'https://a'}",
             "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws}}")
          .user;
  EXPECT_EQ(in_path.exec->command, "aws");
  EXPECT_TRUE(Parsed("{server: 'http://127.0.0.1:8001'}", "{}").user.token.empty());
}

TEST(AKubeconfig, TellsAPluginOfItsClusterIfThatIsWanted) {
  const Access access = Parsed(
      "{server: 'https://a', tls-server-name: b, proxy-url: 'http://p:1', "
      "certificate-authority-data: " +
          PemData() +
          ", extensions: [{name: other, extension: 1},"
          " {name: client.authentication.k8s.io/exec, extension: {region: x}}]}",
      "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: c, provideClusterInfo: "
      "true}}");
  const auto told = nlohmann::json::parse(access.user.exec->cluster_json);
  EXPECT_EQ(told, (nlohmann::json{{"server", "https://a:443"},
                                  {"tls-server-name", "b"},
                                  {"proxy-url", "http://p:1"},
                                  {"certificate-authority-data", PemData()},
                                  {"config", {{"region", "x"}}}}));
}

TEST(AKubeconfig, MayBeJson) {
  const Access access = Must(ParseKubeconfig(
      R"({"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k"}}],
          "clusters":[{"name":"k","cluster":{"server":"https://[fd00::1]:6443"}}]})",
      "."));
  EXPECT_EQ(access.servers.front().url, "https://[fd00::1]:6443");
}

struct Refusal {
  const char* name;
  std::string text;
  std::vector<const char*> says;  // the field, and what to do
};

std::ostream& operator<<(std::ostream& os, const Refusal& refusal) { return os << refusal.name; }

class AWrongKubeconfig : public ::testing::TestWithParam<Refusal> {};

TEST_P(AWrongKubeconfig, IsRefusedByFieldAndRemedy) {
  const auto access = ParseKubeconfig(GetParam().text, "/etc");
  ASSERT_FALSE(access.ok());
  for (const char* word : GetParam().says) EXPECT_THAT(access.status().message(), HasSubstr(word));
  EXPECT_THAT(access.status().message(), Not(HasSubstr("s3cret")));
}

constexpr char kCluster[] = "{server: 'https://a'}";
constexpr char kExec[] = "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: c";

INSTANTIATE_TEST_SUITE_P(
    Each, AWrongKubeconfig,
    ::testing::Values(
        Refusal{"Empty", "", {"is empty"}}, Refusal{"Comment", "# nothing\n", {"is empty"}},
        Refusal{"NoYaml", "a: [", {"line 1"}},
        Refusal{"AList", "- a", {"the object", "must be a mapping"}},
        Refusal{"TwoDocuments", "a: 1\n---\nb: 1\n", {"more than one"}},
        Refusal{"OtherKind", "kind: Pod\ncurrent-context: a\n", {"kind", "Config"}},
        Refusal{"OtherVersion", "apiVersion: v2\ncurrent-context: a\n", {"apiVersion", "v1"}},
        Refusal{"NoContextChosen",
                "contexts: [{name: a, context: {}}, {name: b, context: {}}]",
                {"current-context", "a, b", "use-context"}},
        Refusal{"ContextThatIsNotThere",
                "current-context: x\ncontexts: [{name: a, context: {}}]",
                {"current-context", "\"x\"", "there is a"}},
        Refusal{"ContextTwice",
                "current-context: a\ncontexts: [{name: a, context: {cluster: c}},"
                " {name: a, context: {cluster: d}}]",
                {"contexts[1].name", "twice"}},
        Refusal{"ContextWithoutCluster",
                "current-context: a\ncontexts: [{name: a, context: {user: u}}]",
                {"contexts[0].context.cluster", "required"}},
        Refusal{"ClusterThatIsNotThere",
                "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]",
                {"clusters", "\"c\""}},
        Refusal{"UserThatIsNotThere",
                "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
                "clusters: [{name: c, cluster: {server: 'https://a'}}]",
                {"users", "\"u\""}},
        Refusal{"ContextIsText", "current-context: a\ncontexts: none", {"contexts", "a list"}},
        Refusal{"NoServer", Kubeconfig("{}", "{}"), {"clusters[0].cluster.server", "required"}},
        Refusal{"ServerOfAnotherScheme",
                Kubeconfig("{server: 'ftp://a'}", "{}"),
                {"clusters[0].cluster.server", "https://"}},
        Refusal{"ServerWithAUser",
                Kubeconfig("{server: 'https://u:s3cret@a'}", "{}"),
                {"clusters[0].cluster.server"}},
        Refusal{"ServerIsANumber",
                Kubeconfig("{server: 6443}", "{}"),
                {"clusters[0].cluster.server", "a string"}},
        Refusal{"AuthorityTwice",
                Kubeconfig("{server: 'https://a', certificate-authority: f, "
                           "certificate-authority-data: " +
                               PemData() + "}",
                           "{}"),
                {"certificate-authority-data", "remove one"}},
        Refusal{"AuthorityIsNoBase64",
                Kubeconfig("{server: 'https://a', certificate-authority-data: '%%'}", "{}"),
                {"certificate-authority-data", "base64"}},
        Refusal{"AuthorityIsNoPem",
                Kubeconfig("{server: 'https://a', certificate-authority-data: aGVsbG8=}", "{}"),
                {"certificate-authority-data", "PEM"}},
        Refusal{"AuthorityAndInsecure",
                Kubeconfig("{server: 'https://a', certificate-authority: f, "
                           "insecure-skip-tls-verify: true}",
                           "{}"),
                {"insecure-skip-tls-verify", "remove one"}},
        Refusal{"InsecureIsText",
                Kubeconfig("{server: 'https://a', insecure-skip-tls-verify: yes}", "{}"),
                {"insecure-skip-tls-verify", "true or false"}},
        Refusal{"ProxyOfAnotherScheme",
                Kubeconfig("{server: 'https://a', proxy-url: 'ftp://p'}", "{}"),
                {"proxy-url", "socks5://"}},
        Refusal{"TwoWays",
                Kubeconfig(kCluster, "{token: s3cret, username: u, password: s3cret}"),
                {"users[0].user", "token, username and password", "keep one"}},
        Refusal{"TokenAndPlugin",
                Kubeconfig(kCluster, std::string(kExec) + "}, token: s3cret}"),
                {"users[0].user", "token, exec"}},
        Refusal{"TokenWithALineBreak",
                Kubeconfig(kCluster, "{token: \"s3cret\\nX: y\"}"),
                {"users[0].user.token"}},
        Refusal{"TokenIsANumber",
                Kubeconfig(kCluster, "{token: 12345}"),
                {"users[0].user.token", "a string"}},
        Refusal{"CertificateWithoutKey",
                Kubeconfig(kCluster, "{client-certificate: f}"),
                {"users[0].user", "client-key"}},
        Refusal{"AuthProvider",
                Kubeconfig(kCluster, "{auth-provider: {name: gcp}}"),
                {"users[0].user.auth-provider", "exec"}},
        Refusal{"Impersonation",
                Kubeconfig(kCluster, "{token: t, as: admin}"),
                {"users[0].user.as", "impersonate"}},
        Refusal{"PluginWithoutCommand",
                Kubeconfig(kCluster, "{exec: {apiVersion: client.authentication.k8s.io/v1beta1}}"),
                {"users[0].user.exec.command", "required"}},
        Refusal{
            "PluginOfOldVersion",
            Kubeconfig(kCluster,
                       "{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: c}}"),
            {"users[0].user.exec.apiVersion", "newer version"}},
        Refusal{"PluginThatMayAsk",
                Kubeconfig(kCluster,
                           "{exec: {apiVersion: client.authentication.k8s.io/v1, command: c}}"),
                {"users[0].user.exec.interactiveMode", "Never"}},
        Refusal{"PluginThatAsks",
                Kubeconfig(kCluster, std::string(kExec) + ", interactiveMode: Always}}"),
                {"users[0].user.exec.interactiveMode", "nobody"}},
        Refusal{"PluginArgumentIsANumber",
                Kubeconfig(kCluster, std::string(kExec) + ", args: [1]}}"),
                {"users[0].user.exec.args[0]", "a string"}},
        Refusal{"PluginVariableWithoutName",
                Kubeconfig(kCluster, std::string(kExec) + ", env: [{value: s3cret}]}}"),
                {"users[0].user.exec.env[0].name", "required"}},
        Refusal{"PluginVariableWithSign",
                Kubeconfig(kCluster, std::string(kExec) + ", env: [{name: 'A=B', value: x}]}}"),
                {"users[0].user.exec.env[0].name"}},
        Refusal{"PluginThatWantsALostAuthority",
                Kubeconfig("{server: 'https://a', certificate-authority: /nowhere/ca.crt}",
                           std::string(kExec) + ", provideClusterInfo: true}}"),
                {"/nowhere/ca.crt"}}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(AKubeconfigFile, IsNamedByItsErrors) {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/config";
  EXPECT_THAT(ReadKubeconfig(path).status().message(), HasSubstr("kubeconfig " + path));
  MustOk(ReplaceFile(path, "kind: Pod\n"));
  EXPECT_THAT(ReadKubeconfig(path).status().message(), HasSubstr("kubeconfig " + path + ": kind"));
  MustOk(ReplaceFile(path, std::string((1 << 20) + 1, '#')));
  EXPECT_THAT(ReadKubeconfig(path).status().message(), HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(ReadKubeconfig(directory.path()).status().message(), HasSubstr("no regular file"));
}

TEST(AKubeconfigFile, HasFilesBesideIt) {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/config";
  MustOk(
      ReplaceFile(path, Kubeconfig("{server: 'https://a', certificate-authority: ca.crt}", "{}")));
  EXPECT_EQ(Must(ReadKubeconfig(path)).ca.file, directory.path() + "/ca.crt");
}

}  // namespace
}  // namespace fairlead::api
