// SPDX-License-Identifier: Apache-2.0
//
// Which servers are tried, and where they were last.
#include "loader/api/cluster_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/durable_file.h"
#include "loader/api/endpoint_cache.h"
#include "loader/kube/store_fixture.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::api {
namespace {

using fairlead::testing::Must;
using fairlead::testing::MustOk;
using fairlead::testing::ScratchDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(AServiceAccount, IsWhatTheKubeletMounts) {
  const Access access = Must(InClusterAccess("/account", {"10.96.0.1", "443"}));
  EXPECT_THAT(access.servers, ElementsAre(ServerAddress{.url = "https://10.96.0.1:443"}));
  EXPECT_EQ(access.ca.file, "/account/ca.crt");
  EXPECT_EQ(access.user.token.file, "/account/token");
  EXPECT_EQ(Must(InClusterAccess("/account", {"fd00:96::1", "443"})).servers.front().url,
            "https://[fd00:96::1]:443");
}

TEST(AServiceAccount, IsNotFoundOutsideOfAPod) {
  const auto access = InClusterAccess("/account", {"", ""});
  EXPECT_TRUE(absl::IsNotFound(access.status()));
  EXPECT_THAT(access.status().message(), HasSubstr("--kubeconfig"));
  EXPECT_TRUE(absl::IsInvalidArgument(InClusterAccess("/account", {"10.96.0.1", "x"}).status()));
}

class GivenServers : public ::testing::Test {
 protected:
  GivenServers() {
    MustOk(ReplaceFile(flags_.kubeconfig,
                       "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                       "clusters: [{name: k, cluster: {server: 'https://lb.example:6443'}}]\n"
                       "users: [{name: u, user: {token: t}}]\n"));
  }
  ScratchDirectory directory_;
  AccessFlags flags_{.kubeconfig = directory_.path() + "/config"};
};

TEST_F(GivenServers, StandForThoseOfTheKubeconfigAndKeepItsUser) {
  flags_.api_servers = {"10.0.0.1:6443", "https://10.0.0.2:6443"};
  const Access access = Must(FindAccess(flags_));
  EXPECT_THAT(access.servers, ElementsAre(ServerAddress{.url = "https://10.0.0.1:6443"},
                                          ServerAddress{.url = "https://10.0.0.2:6443"}));
  EXPECT_EQ(access.user.token.text, "t");
}

TEST_F(GivenServers, AreEnoughForAServiceAccount) {
  flags_ = {.in_cluster = true, .api_servers = {"10.0.0.1:6443"}};
  flags_.service_account_directory = "/account";
  const Access access = Must(FindAccess(flags_));
  EXPECT_EQ(access.servers.front().url, "https://10.0.0.1:6443");
  EXPECT_EQ(access.user.token.file, "/account/token");
  EXPECT_EQ(access.ca.file, "/account/ca.crt");
}

TEST_F(GivenServers, AreNamedWhenTheyAreNone) {
  flags_.api_servers = {"https://"};
  EXPECT_THAT(FindAccess(flags_).status().message(), HasSubstr("--api-server"));
}

TEST(ServersAtKnownAddresses, MustBeWhoTheConfiguredOneIs) {
  const std::vector<Endpoint> where = {{*IpAddress::Parse("10.0.0.5"), 6443},
                                       {*IpAddress::Parse("fd00::5"), 6443}};
  Access access;
  access.servers = {{.url = "https://lb.example:6443"}};
  EXPECT_THAT(ServersAt(where, access),
              ElementsAre(ServerAddress{"https://10.0.0.5:6443", "lb.example"},
                          ServerAddress{"https://[fd00::5]:6443", "lb.example"}));
  access.servers = {{.url = "https://lb.example:6443", .tls_name = "api"}};
  EXPECT_EQ(ServersAt(where, access).front().tls_name, "api");
  access.servers = {{.url = "https://10.96.0.1:443"}};
  EXPECT_EQ(ServersAt(where, access).front().tls_name, kApiServerName);
  access.servers = {{.url = "http://127.0.0.1:8001"}};
  EXPECT_THAT(ServersAt(where, access), IsEmpty());
  access.servers = {{.url = "https://rancher/k8s/clusters/a"}};
  EXPECT_THAT(ServersAt(where, access), IsEmpty());
  access.servers = {{.url = "https://lb.example:6443"}};
  access.insecure_skip_tls_verify = true;
  EXPECT_THAT(ServersAt(where, access), IsEmpty()) << "nobody looks at their certificates";
}

constexpr char kSlice[] = R"(
kind: EndpointSlice
apiVersion: discovery.k8s.io/v1
metadata: {namespace: default, name: kubernetes, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
ports: [{name: https, port: 6443}, {name: other, port: 1}]
endpoints: [{addresses: [10.0.0.2]}, {addresses: [10.0.0.1]},
            {addresses: [10.0.0.3], conditions: {ready: false}}]
)";

TEST(TheEndpointCache, RemembersWhereTheApiServersAre) {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/api-servers.json";
  const std::vector<Endpoint> endpoints = ApiServerEndpoints(kube::StoreOf(kSlice));
  EXPECT_THAT(endpoints, ElementsAre(Endpoint{*IpAddress::Parse("10.0.0.1"), 6443},
                                     Endpoint{*IpAddress::Parse("10.0.0.2"), 6443}));
  EXPECT_THAT(Must(ReadEndpoints(path)), IsEmpty());
  MustOk(WriteEndpoints(path, endpoints));
  EXPECT_EQ(Must(ReadEndpoints(path)), endpoints);
  struct stat about{};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST(TheEndpointCache, SaysThatItIsDamagedAndIsWrittenAnew) {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/api-servers.json";
  for (const char* text : {"", "{", "[]", "{\"endpoints\":1}", "{\"endpoints\":[1]}",
                           "{\"endpoints\":[\"name:1\"]}", "{\"endpoints\":[\"10.0.0.1:x\"]}"}) {
    MustOk(ReplaceFile(path, text));
    EXPECT_TRUE(absl::IsInvalidArgument(ReadEndpoints(path).status())) << text;
    MustOk(WriteEndpoints(path, {{*IpAddress::Parse("10.0.0.1"), 6443}}));
    EXPECT_EQ(Must(ReadEndpoints(path)).size(), 1U);
  }
}

}  // namespace
}  // namespace fairlead::api
