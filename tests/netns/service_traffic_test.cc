// SPDX-License-Identifier: Apache-2.0
//
// Pods and Services with real TCP and UDP. Promise: a client sees nothing but
// the Service's address, a backend nothing but the client's.
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

class PodToClusterIp : public TwoNodes {
 protected:
  void ExpectBulkDataThrough(int node_of_backend) {
    const lab::Pod client = AddPod(1, "client", "client");
    const lab::Pod backend = AddPod(node_of_backend, "backend", "web");
    const TestService web = AddService("web", 10);
    const auto serving = ServeTcp(backend);
    ASSERT_TRUE(Settles(client, web, {"backend"}));
    // Far more than one GSO packet and one window, in both directions.
    auto down = TcpClient::Open(client.network_namespace(), web.Front(GetParam()));
    FL_ASSERT_OK(down.status());
    EXPECT_EQ(down->seen_as(), AddressOf(client));
    FL_EXPECT_OK(down->Download(48 * kMegabyte));
    auto up = TcpClient::Open(client.network_namespace(), web.Front(GetParam()));
    FL_ASSERT_OK(up.status());
    FL_EXPECT_OK(up->Upload(48 * kMegabyte));
  }
};

TEST_P(PodToClusterIp, A7_32_E29_bulk_data_arrives_intact_from_a_backend_on_the_same_node) {
  ExpectBulkDataThrough(1);
}

TEST_P(PodToClusterIp, A7_32_E29_bulk_data_arrives_intact_from_a_backend_on_another_node) {
  ExpectBulkDataThrough(2);
}

TEST_P(PodToClusterIp, EveryBackendGetsItsShareOfConnections) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod a = AddPod(1, "a", "web"), b = AddPod(2, "b", "web"), c = AddPod(2, "c", "web");
  const TestService web = AddService("web", 10);
  const auto serving_a = ServeTcp(a), serving_b = ServeTcp(b), serving_c = ServeTcp(c);
  ASSERT_TRUE(Settles(client, web, {"a", "b", "c"}));
  const auto reached = Reached(client.network_namespace(), web.Front(GetParam()), 300);
  EXPECT_EQ(reached.count(""), 0u);
  // A fair choice stays below 50 once in 10^9 runs (binomial, 300 and 1/3).
  for (const char* name : {"a", "b", "c"}) EXPECT_GT(reached.count(name), 50u) << name;
}

TEST_P(PodToClusterIp, ClientsOfBothNodesAreServed) {
  const lab::Pod near = AddPod(1, "near", "client"), far = AddPod(2, "far", "client");
  const lab::Pod backend = AddPod(1, "backend", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(backend);
  EXPECT_TRUE(Settles(near, web, {"backend"}));
  EXPECT_TRUE(Settles(far, web, {"backend"}));
}

TEST_P(PodToClusterIp, UdpIsAnsweredFromTheServicesAddress) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod near = AddPod(1, "near", "dns"), far = AddPod(2, "far", "dns");
  const TestService dns = AddService("dns", 53, "UDP");
  const UdpServer serving_near("near", near.network_namespace(), On(near));
  const UdpServer serving_far("far", far.network_namespace(), On(far));
  std::set<std::string> answers;
  EXPECT_TRUE(lab::WaitUntil(
      [&] {
        std::string answer;
        if (OpenAnswered(client, dns, answer).ok()) answers.insert(answer);
        return answers.size() == 2;
      },
      std::chrono::seconds(30)));
  const std::string as_client = " " + AddressOf(client).ToString();
  EXPECT_THAT(answers, ::testing::ElementsAre("far" + as_client, "near" + as_client));
}

TEST_P(PodToClusterIp, OneUdpSocketKeepsItsBackendOverManyQuestions) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod near = AddPod(1, "near", "dns"), far = AddPod(2, "far", "dns");
  const TestService dns = AddService("dns", 53, "UDP");
  const UdpServer serving_near("near", near.network_namespace(), On(near));
  const UdpServer serving_far("far", far.network_namespace(), On(far));
  std::string first;
  const auto socket = OpenAnswered(client, dns, first);
  FL_ASSERT_OK(socket.status());
  for (int i = 0; i < 50; ++i) {
    std::string answer;
    ASSERT_EQ(socket->Ask(answer), 0);
    EXPECT_EQ(answer, first);
  }
}

TEST_P(PodToClusterIp, A5_22_E6_is_refused_at_once_when_nobody_serves) {
  const lab::Pod client = AddPod(1, "client", "client");
  const TestService web = AddService("web", 10);
  const TestService dns = AddService("dns", 53, "UDP");
  EXPECT_TRUE(Settles(client, web, {}));
  EXPECT_TRUE(lab::WaitUntil(
      [&] {
        std::string answer;
        const auto socket = UdpClient::Open(client.network_namespace(), dns.Front(GetParam()),
                                            kShortPatienceMilliseconds);
        return socket.ok() && socket->Ask(answer) == ECONNREFUSED;
      },
      std::chrono::seconds(60)));
}

TEST_P(PodToClusterIp, A7_31_E22_a_pod_reaches_itself_through_its_service) {
  const lab::Pod pod = AddPod(1, "pod", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(pod);
  ASSERT_TRUE(Settles(pod, web, {"pod"}));
  auto connection = TcpClient::Open(pod.network_namespace(), web.Front(GetParam()));
  FL_ASSERT_OK(connection.status());
  FL_EXPECT_OK(connection->Download(8 * kMegabyte));
}

FL_BOTH_FAMILIES(PodToClusterIp);

class LiveChange : public TwoNodes {};

TEST_P(LiveChange, ARemovedBackendGetsNoNewConnectionsAndNoneFails) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod stays = AddPod(1, "stays", "web"), goes = AddPod(2, "goes", "web");
  const TestService web = AddService("web", 10);
  const auto serving_stays = ServeTcp(stays), serving_goes = ServeTcp(goes);
  ASSERT_TRUE(Settles(client, web, {"stays", "goes"}));
  FL_ASSERT_OK(lab().SetReady("goes", false));
  ASSERT_TRUE(Settles(client, web, {"stays"}));
  const auto reached = Reached(client.network_namespace(), web.Front(GetParam()), 100);
  EXPECT_EQ(reached.count("stays"), 100u);
}

TEST_P(LiveChange, A13_65_an_added_backend_is_used_within_seconds) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod first = AddPod(1, "first", "web");
  const TestService web = AddService("web", 10);
  const auto serving_first = ServeTcp(first);
  ASSERT_TRUE(Settles(client, web, {"first"}));
  const lab::Pod second = AddPod(2, "second", "web");
  const auto serving_second = ServeTcp(second);
  EXPECT_TRUE(Settles(client, web, {"first", "second"}));
}

TEST_P(LiveChange, ABrokenFileKeepsTheLastGoodState) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod backend = AddPod(2, "backend", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(backend);
  ASSERT_TRUE(Settles(client, web, {"backend"}));
  FL_ASSERT_OK(lab().WriteManifest("web.json", "{ this is: [not a manifest"));
  // A good file written after it: when that one works, the broken one was read.
  const TestService other = AddService("other", 11);
  ASSERT_TRUE(Settles(client, other, {}));
  EXPECT_EQ(Reached(client.network_namespace(), web.Front(GetParam()), 20).count("backend"), 20u);
}

TEST_P(LiveChange, AMovedServiceAnswersAtItsNewAddress) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod backend = AddPod(2, "backend", "web");
  TestService web = AddService("web", 10);
  const auto serving = ServeTcp(backend);
  ASSERT_TRUE(Settles(client, web, {"backend"}));
  web.number = 20;
  FL_ASSERT_OK(lab().WriteManifest("web.json", web.Manifest()));
  EXPECT_TRUE(Settles(client, web, {"backend"}));
}

TEST_P(LiveChange, A11_51_a_connection_outlives_its_service_and_is_known_to_the_next) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod backend = AddPod(2, "backend", "web");
  const TestService web = AddService("web", 10);
  const auto serving = ServeTcp(backend);
  ASSERT_TRUE(Settles(client, web, {"backend"}));
  auto connection = TcpClient::Open(client.network_namespace(), web.Front(GetParam()));
  FL_ASSERT_OK(connection.status());
  EndlessDownload download(*std::move(connection));
  ASSERT_TRUE(download.Advances(kMegabyte));
  FL_ASSERT_OK(lab().RemoveManifest("web.json"));
  ASSERT_TRUE(lab::WaitUntil(
      [&] {
        return ConnectError(client.network_namespace(), web.Front(GetParam()),
                            kShortPatienceMilliseconds) != 0;
      },
      std::chrono::seconds(60)));
  EXPECT_TRUE(download.Advances(kMegabyte));
  AddService("web", 10);
  ASSERT_TRUE(Settles(client, web, {"backend"}));
  EXPECT_TRUE(download.Advances(kMegabyte));
  FL_EXPECT_OK(download.Finish());
}

FL_BOTH_FAMILIES(LiveChange);

}  // namespace
}  // namespace fairlead::testing
