// SPDX-License-Identifier: Apache-2.0
//
// Contract A11: datagrams of the node's own processes follow the endpoints.
// Sockets that are connected once and never again, and sockets that are not.
#include <cstdlib>

#include "tests/contract/host_client.h"

namespace fairlead::testing {
namespace {

class A11 : public HostClient {
 protected:
  // The name of who answers this socket; "" if nobody does.
  std::string ServerOf(const UdpClient& client) {
    std::string text;
    return client.Ask(text) == 0 ? text.substr(0, text.find(' ')) : "";
  }
  UdpClient Open(const Endpoint& front) {
    absl::StatusOr<UdpClient> client = UdpClient::Open(Host(1), front, kShortPatienceMilliseconds);
    if (client.ok()) return *std::move(client);
    ADD_FAILURE() << front << ": " << client.status();
    std::abort();
  }
  std::string ServerOf(const LooseSocket& socket, const Endpoint& front) {
    const std::string text = socket.Ask(front, kShortPatienceMilliseconds).text;
    return text.substr(0, text.find(' '));
  }
  std::vector<UdpClient> clients_;
};

TEST_P(A11, A11_51_ASocketKeepsItsBackendAmongMany) {
  for (const char* name : {"a", "b", "c"}) Serve(AddPod(1, name, "web"));
  PutService("web");
  std::set<std::string> all;
  ASSERT_TRUE(Comes([&] {
    all.insert(UdpServerOf(ClusterIp()));
    return all.size() >= 3 && all.contains("c");
  }));
  const LooseSocket socket(Host(1), Domain());
  const std::string server = ServerOf(socket, ClusterIp());
  for (int i = 0; i < 16; ++i) EXPECT_EQ(ServerOf(socket, ClusterIp()), server);
}

// Two backends would not do: the kernel discards what is not from the connected one.
TEST_P(A11, A11_51_AConnectedSocketThatNamesItsServiceKeepsItsBackend) {
  for (const char* name : {"a", "b", "c"}) Serve(AddPod(1, name, "web"));
  PutService("web");
  std::set<std::string> all;
  ASSERT_TRUE(Comes([&] {
    all.insert(UdpServerOf(ClusterIp()));
    return all.size() >= 3 && all.contains("c");
  }));
  for (const int domain : {Domain(), AF_INET6}) {
    for (const Endpoint& front : Fronts()) {
      for (int i = 0; i < 4; ++i) {
        const LooseSocket socket(Host(1), domain);
        ASSERT_EQ(socket.Connect(front), 0) << front;
        EXPECT_NE(ServerOf(socket, front), "") << front;
      }
    }
  }
}

TEST_P(A11, A11_55_AConnectedSocketThatNamesItsServiceGoesOnWhenItsServerIsReplaced) {
  Serve(AddPod(2, "old", "web"));
  PutService("web");
  ASSERT_TRUE(Comes([&] { return UdpServerOf(ClusterIp()) == "old"; }));
  const LooseSocket socket(Host(1), Domain());
  ASSERT_EQ(socket.Connect(ClusterIp()), 0);
  EXPECT_EQ(ServerOf(socket, ClusterIp()), "old");
  Serve(AddPod(1, "new", "web"));
  FL_ASSERT_OK(lab().DeletePod("old"));
  EXPECT_TRUE(Comes([&] { return ServerOf(socket, ClusterIp()) == "new"; }));
}

TEST_P(A11, A11_54_E10_AnUnconnectedSocketGoesOnWhenItsServerIsReplaced) {
  Serve(AddPod(2, "old", "web"));
  PutService("web");
  ASSERT_TRUE(Comes([&] { return UdpServerOf(ClusterIp()) == "old"; }));
  const LooseSocket socket(Host(1), Domain());
  EXPECT_EQ(ServerOf(socket, ClusterIp()), "old");
  Serve(AddPod(1, "new", "web"));
  FL_ASSERT_OK(lab().DeletePod("old"));
  EXPECT_TRUE(Comes([&] { return ServerOf(socket, ClusterIp()) == "new"; }));
}

TEST_P(A11, A11_55_E10_AConnectedSocketGoesOnWhenItsServerIsReplaced) {
  Serve(AddPod(2, "old", "web"));
  PutService("web");
  ASSERT_TRUE(Comes([&] { return UdpServerOf(ClusterIp()) == "old"; }));
  for (const Endpoint& front : Fronts()) clients_.push_back(Open(front));
  for (const UdpClient& client : clients_) ASSERT_EQ(ServerOf(client), "old");
  Serve(AddPod(1, "new", "web"));
  FL_ASSERT_OK(lab().DeletePod("old"));
  for (const UdpClient& client : clients_) {
    EXPECT_TRUE(Comes([&] { return ServerOf(client) == "new"; }));
  }
}

// Without endpoints it is not left to who gets the pod's address next.
TEST_P(A11, A11_52_AConnectedSocketWaitsForTheFirstEndpoint) {
  Serve(AddPod(2, "old", "web"));
  PutService("web");
  ASSERT_TRUE(Comes([&] { return UdpServerOf(ClusterIp()) == "old"; }));
  const UdpClient client = Open(ClusterIp());
  ASSERT_EQ(ServerOf(client), "old");
  FL_ASSERT_OK(lab().SetReady("old", false));
  EXPECT_TRUE(Comes([&] { return ServerOf(client).empty(); }));
  FL_ASSERT_OK(lab().SetReady("old", true));
  EXPECT_TRUE(Comes([&] { return ServerOf(client) == "old"; }));
}

TEST_P(A11, A11_53_AConnectedSocketIsOlderThanItsService) {
  const UdpClient client = Open(ClusterIp());
  Serve(AddPod(2, "web", "web"));
  PutService("web");
  EXPECT_TRUE(Comes([&] { return ServerOf(client) == "web"; }));
}

FL_BOTH_FAMILIES(A11);

}  // namespace
}  // namespace fairlead::testing
