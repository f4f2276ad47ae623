// SPDX-License-Identifier: Apache-2.0
//
// Contract E: endpoints are replaced while clients speak. A datagram socket goes on with the same
// two ends, no request fails, and a server that sends nonsense harms its own connection only.
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <list>
#include <thread>

#include "lab/objects.h"
#include "tests/contract/host_client.h"
#include "tests/netns/datagrams.h"

namespace fairlead::testing {
namespace {

class Replacement : public HostClient {
 protected:
  static std::string ServerOf(const UdpClient& client) {
    std::string text;
    return client.Ask(text) == 0 ? text.substr(0, text.find(' ')) : "";
  }
  // One socket for each frontend that a pod of node1 has: its two ends stay what they are.
  void OpenSockets(const lab::Pod& client, const std::vector<Endpoint>& fronts) {
    for (const Endpoint& front : fronts) {
      auto socket = UdpClient::Open(client.network_namespace(), front, kShortPatienceMilliseconds);
      FL_ASSERT_OK(socket.status());
      sockets_.push_back(*std::move(socket));
    }
  }
  bool AllReach(const std::string& server) const {
    return std::ranges::all_of(sockets_, [&](const UdpClient& socket) {
      return Comes([&] { return ServerOf(socket) == server; });
    });
  }
  std::vector<UdpClient> sockets_;
};

TEST_P(Replacement, A11_54_E10_datagrams_go_on_when_their_server_is_replaced) {
  const lab::Pod client = AddPod(1, "client", "client");
  PutService("web");
  OpenSockets(client, {ClusterIp(), NodePortOf(1), NodePortOf(2)});
  // They speak while there is nobody, while nobody is ready, and then somebody is.
  for (const UdpClient& socket : sockets_) ServerOf(socket);
  Serve(AddPod(2, "old", "web"));
  EXPECT_TRUE(AllReach("old"));
  FL_ASSERT_OK(lab().SetReady("old", false));
  EXPECT_TRUE(AllReach(""));
  FL_ASSERT_OK(lab().SetReady("old", true));
  EXPECT_TRUE(AllReach("old"));

  FL_ASSERT_OK(lab().DeletePod("old"));
  EXPECT_TRUE(AllReach(""));
  const lab::Pod fresh = AddPod(1, "fresh", "web");
  Serve(fresh);
  EXPECT_TRUE(AllReach("fresh"));

  const UdpServer other("other-port", fresh.network_namespace(), {AddressOf(fresh), 9090});
  PutService("web", [](lab::Object& service) {
    for (lab::Object& port : service["spec"]["ports"]) port["targetPort"] = 9090;
  });
  EXPECT_TRUE(AllReach("other-port"));
}

TEST_P(Replacement, A11_54_E10_also_with_the_internal_policy_local) {
  const lab::Pod client = AddPod(1, "client", "client");
  Serve(AddPod(1, "old", "web"));
  PutService("web",
             [](lab::Object& service) { service["spec"]["internalTrafficPolicy"] = "Local"; });
  OpenSockets(client, {ClusterIp()});
  ASSERT_TRUE(AllReach("old"));
  FL_ASSERT_OK(lab().DeletePod("old"));
  Serve(AddPod(1, "new", "web"));
  EXPECT_TRUE(AllReach("new"));
}

// What the upstream "boom server" does: segments far outside of the window, in the middle of a
// connection. The client must neither see the endpoint's address nor reset its connection.
TEST_P(Replacement, A11_57_E11_segments_outside_of_the_window_harm_nobody) {
  const lab::Pod client = AddPod(1, "client", "client");
  for (const int number : {1, 2}) {
    const lab::Pod web = AddPod(number, fmt::format("web-{}", number), "web");
    PutServiceByHand("web");
    PutSlice("web", {EndpointAt(AddressOf(web), lab::NodeName(number))});
    const UniqueFd listener = testing::Serve(web.network_namespace(), SOCK_STREAM, On(web));
    UniqueFd connection;
    int error = 0;
    ASSERT_TRUE(Comes([&] {
      connection = Connect(client.network_namespace(), SOCK_STREAM, ClusterIp(), error, 1500);
      return error == 0;
    }));
    SocketAddress from;
    const UniqueFd accepted(::accept4(listener.get(), from.get(), &from.size, SOCK_CLOEXEC));
    ASSERT_TRUE(accepted.ok());
    const auto speaks = [](const UniqueFd& one, const UniqueFd& other) {
      char answer = 0;
      return ::send(one.get(), "x", 1, MSG_NOSIGNAL) == 1 &&
             ::recv(other.get(), &answer, 1, 0) == 1 && answer == 'x';
    };
    ASSERT_TRUE(speaks(connection, accepted) && speaks(accepted, connection));
    const Packet boom = Tcp(On(web), from.ToEndpoint());
    FL_ASSERT_OK(SendRaw(web.network_namespace(),
                         {boom.Ack().Sequence(1, 1).Payload("boom"),
                          boom.Ack().Sequence(0x80000001, 0x80000001).Payload("boom"),
                          boom.Reset().Sequence(0x40000001)}));
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(speaks(connection, accepted) && speaks(accepted, connection)) << number;
    }
  }
}

// Whoever asks again and again until its end, each time by a new connection.
class Asking {
 public:
  Asking(std::string network_namespace, const Endpoint& front)
      : thread_([this, network_namespace = std::move(network_namespace), front] {
          while (!stop_) {
            const auto client = TcpClient::Open(network_namespace, front);
            if (!client.ok()) failure_ = client.status();
            ++(client.ok() ? answered_ : failed_);
          }
        }) {}
  ~Asking() { Finish(); }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  int answered() const { return answered_; }
  // How many have failed; the reason of the last.
  std::pair<int, absl::Status> Finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return {failed_, failure_};
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> answered_ = 0, failed_ = 0;
  absl::Status failure_;
  std::thread thread_;
};

TEST_P(Replacement, E17_E18_no_request_fails_while_all_endpoints_are_replaced) {
  const lab::Pod client = AddPod(1, "client", "client");
  for (const int number : {1, 2}) Serve(AddPod(number, fmt::format("blue-{}", number), "web"));
  PutService("web");
  ASSERT_TRUE(Comes([&] { return !TcpServerOf(Outside(), NodePortOf(1)).empty(); }));
  ASSERT_TRUE(Reaches(client.network_namespace(), ClusterIp(),
                      TcpServerOf(client.network_namespace(), ClusterIp())));
  std::list<Asking> all;
  all.emplace_back(client.network_namespace(), ClusterIp());
  all.emplace_back(Outside(), NodePortOf(1));
  all.emplace_back(Host(1), ClusterIp());
  // Requests that began before now are over, and more have come since.
  const auto some_pass = [&] {
    for (const Asking& each : all) {
      const int before = each.answered();
      EXPECT_TRUE(Comes([&] { return each.answered() > before + 5; }));
    }
  };
  const auto replace = [&](const std::string& old, int number, const std::string& fresh) {
    const auto pod = lab().AddUnreadyPod(fmt::format("node{}", number), fresh, {{"app", "web"}});
    FL_ASSERT_OK(pod.status());
    Serve(*pod);
    FL_ASSERT_OK(lab().SetReady(fresh, true));
    some_pass();
    FL_ASSERT_OK(lab().SetReady(old, false));
    for (const auto& [where, front] :
         {std::pair{client.network_namespace(), ClusterIp()}, {Outside(), NodePortOf(1)}}) {
      EXPECT_TRUE(Comes([&] {
        const auto reached = Reached(where, front, 16);
        return !reached.contains(old);
      }));
    }
    some_pass();
    FL_ASSERT_OK(lab().DeletePod(old));
    some_pass();
  };
  for (const int number : {1, 2}) {
    replace(fmt::format("blue-{}", number), number, fmt::format("green-{}", number));
  }
  for (Asking& each : all) {
    const auto [failed, why] = each.Finish();
    EXPECT_EQ(failed, 0) << why;
  }
}

FL_BOTH_FAMILIES(Replacement);

}  // namespace
}  // namespace fairlead::testing
