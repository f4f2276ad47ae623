// SPDX-License-Identifier: Apache-2.0
//
// Datagrams of 60 KB and pings of 64 KiB, which every link sees in pieces, in
// order and in reverse. Promise: they arrive, whatever is translated on the way.
#include <algorithm>
#include <csignal>

#include "lab/network_namespace.h"
#include "tests/netns/content.h"
#include "tests/netns/datagrams.h"
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

constexpr size_t kUdpBytes = 60000;
constexpr size_t kPingBytes = 65507;
constexpr size_t kMtu = 1500;

class FragmentsOf : public TwoNodes {
 protected:
  // A UDP socket of `client` that `to` has answered: the flow is there.
  UniqueFd OpenTo(const lab::Pod& client, const Endpoint& to) {
    UniqueFd socket;
    const bool answered = lab::WaitUntil(
        [&] {
          int error = 0;
          socket = Connect(client.network_namespace(), SOCK_DGRAM, to, error,
                           kShortPatienceMilliseconds);
          return error == 0 && Exchange(socket, 8).ok();
        },
        std::chrono::seconds(20));
    EXPECT_TRUE(answered) << "no answer from " << to;
    return socket;
  }

  static std::vector<Packet> InReverse(const Packet& datagram, uint32_t id) {
    std::vector<Packet> pieces = datagram.Id(id).Fragments(kMtu);
    std::reverse(pieces.begin(), pieces.end());
    return pieces;
  }

  // Both directions, in order and in reverse, each more than once. `server` is
  // where the requests end up, in the namespace `server_namespace`.
  void ExpectLargeDatagrams(const lab::Pod& client, const Endpoint& front, const Endpoint& server,
                            const std::string& server_namespace) {
    const UdpEcho echo(server_namespace, server);
    const UniqueFd socket = OpenTo(client, front);
    const std::string content = ContentAt(7, kUdpBytes);
    const Packet request = Udp(LocalEnd(socket), front).Payload(content);
    const Packet reply = Udp(server, echo.last_client()).Payload(content);
    for (uint32_t id = 1; id <= 3; ++id) {
      FL_EXPECT_OK(Exchange(socket, kUdpBytes));
      FL_EXPECT_OK(SendRaw(client.network_namespace(), InReverse(request, id)));
      FL_EXPECT_OK(Receive(socket, content));
      FL_EXPECT_OK(SendRaw(server_namespace, InReverse(reply, id)));
      FL_EXPECT_OK(Receive(socket, content));
    }
  }
};

TEST_P(FragmentsOf, PodsOfOneNodeArrive) {
  const lab::Pod client = AddPod(1, "client", "client"), server = AddPod(1, "server", "server");
  ExpectLargeDatagrams(client, On(server), On(server), server.network_namespace());
  FL_EXPECT_OK(PingWith(client.network_namespace(), AddressOf(server), kPingBytes));
}

TEST_P(FragmentsOf, PodsOfTwoNodesArrive) {
  const lab::Pod client = AddPod(1, "client", "client"), server = AddPod(2, "server", "server");
  ExpectLargeDatagrams(client, On(server), On(server), server.network_namespace());
  FL_EXPECT_OK(PingWith(client.network_namespace(), AddressOf(server), kPingBytes));
}

TEST_P(FragmentsOf, A11_56_E13_a_services_clients_reach_a_backend_on_the_same_node) {
  const lab::Pod client = AddPod(1, "client", "client"), server = AddPod(1, "server", "dns");
  const TestService dns = AddService("dns", 53, "UDP");
  ExpectLargeDatagrams(client, dns.Front(GetParam()), On(server), server.network_namespace());
}

TEST_P(FragmentsOf, A11_56_E13_a_services_clients_reach_a_backend_on_another_node) {
  const lab::Pod client = AddPod(1, "client", "client"), server = AddPod(2, "server", "dns");
  const TestService dns = AddService("dns", 53, "UDP");
  ExpectLargeDatagrams(client, dns.Front(GetParam()), On(server), server.network_namespace());
}

TEST_P(FragmentsOf, PodsReachTheWorldAndItsRepliesThePods) {
  const lab::Pod client = AddPod(1, "client", "client");
  const Endpoint server{OutsideAddress(), kPodPort};
  ExpectLargeDatagrams(client, server, server, Outside());
  FL_EXPECT_OK(PingWith(client.network_namespace(), OutsideAddress(), kPingBytes));
}

// The room is adopted: what is in it is not lost, and it is not made twice.
TEST_P(FragmentsOf, PodsArriveWhileTheDaemonIsDeadAndWhenItIsBack) {
  const lab::Pod client = AddPod(1, "client", "client"), server = AddPod(1, "server", "dns");
  const TestService dns = AddService("dns", 53, "UDP");
  ExpectLargeDatagrams(client, dns.Front(GetParam()), On(server), server.network_namespace());
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGKILL));
  ExpectLargeDatagrams(client, dns.Front(GetParam()), On(server), server.network_namespace());
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  ExpectLargeDatagrams(client, dns.Front(GetParam()), On(server), server.network_namespace());
}

TEST_P(FragmentsOf, TheHostItselfAreLeftToIt) {
  const std::string host = node(1).network_namespace();
  const Endpoint server{OutsideAddress(), kPodPort};
  const UdpEcho echo(Outside(), server);
  int error = 0;
  const UniqueFd socket = Connect(host, SOCK_DGRAM, server, error);
  ASSERT_EQ(error, 0);
  FL_EXPECT_OK(Exchange(socket, kUdpBytes));
  FL_EXPECT_OK(PingWith(host, OutsideAddress(), kPingBytes));
  const std::string content = ContentAt(7, kUdpBytes);
  for (uint32_t id = 1; id <= 3; ++id) {
    FL_EXPECT_OK(
        SendRaw(Outside(), InReverse(Udp(server, echo.last_client()).Payload(content), id)));
    FL_EXPECT_OK(Receive(socket, content));
  }
  // Each arrived once: nothing came out of order a second time.
  FL_EXPECT_OK(Exchange(socket, kUdpBytes));
}

FL_BOTH_FAMILIES(FragmentsOf);

}  // namespace
}  // namespace fairlead::testing
