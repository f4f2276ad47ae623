// SPDX-License-Identifier: Apache-2.0
//
// What clients may do to the servers, on the loopback of a namespace of its own.
#include "loader/http/servers.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/socket_address.h"
#include "loader/netlink/links.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::http {
namespace {

using fairlead::testing::Must;
using fairlead::testing::MustOk;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr uint16_t kPort = 8000;

class HttpServers : public ::testing::Test {
 protected:
  HttpServers() {
    NetlinkSocket netlink = Must(NetlinkSocket::Open());
    MustOk(SetLinkUp(netlink, if_nametoindex("lo")));
    servers_ = Must(Servers::Create());
    server_ = Must(servers_->Serve(where_, Families::kOwn, [](const Request& request) {
      return request.path == "/big" ? Text(std::string(1 << 20, 'x'))
                                    : Text(std::string(request.path));
    }));
  }

  UniqueFd Connect() const {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const SocketAddress address({*IpAddress::Parse("127.0.0.1"), kPort});
    EXPECT_EQ(connect(fd.get(), address.get(), address.size), 0);
    return fd;
  }
  // The servers' turn, until they have nothing to do.
  void Pump() {
    for (pollfd ready{servers_->fd(), POLLIN, 0}; poll(&ready, 1, 50) == 1;) {
      servers_->ReadReady();
    }
  }
  void Send(const UniqueFd& fd, const std::string& text) {
    EXPECT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    Pump();
  }
  // What has come; "closed" is appended where the connection has ended.
  static std::string Received(const UniqueFd& fd) {
    std::string text;
    char bytes[65536];
    ssize_t got = 0;
    while ((got = recv(fd.get(), bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) text.append(bytes, got);
    return got < 0 && errno == EAGAIN ? text : text + "closed";
  }

  fairlead::testing::ScratchNetns netns_;
  const Endpoint where_{Must(IpAddress::Parse("127.0.0.1")), kPort};
  std::unique_ptr<Servers> servers_;
  std::unique_ptr<Server> server_;
};

TEST_F(HttpServers, AnswerSeveralRequestsOfAConnection) {
  const UniqueFd client = Connect();
  for (const char* path : {"/a", "/b?q=1"}) {
    Send(client, fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
    const std::string answer = Received(client);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr(std::string("\r\n\r\n") + std::string(path, 2)));
    EXPECT_THAT(answer, Not(HasSubstr("closed")));
  }
}

TEST_F(HttpServers, GiveAHeadWithoutABody) {
  const UniqueFd client = Connect();
  Send(client, "HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = Received(client);
  EXPECT_THAT(answer, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("/abc")));
}

TEST_F(HttpServers, RefuseToChangeAnything) {
  const UniqueFd client = Connect();
  Send(client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
  const std::string answer = Received(client);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST_F(HttpServers, RefuseHeadersWithoutEnd) {
  const UniqueFd client = Connect();
  Send(client, "GET /a HTTP/1.1\r\nHost: x\r\nCookie: " + std::string(60000, 'c'));
  EXPECT_THAT(Received(client), HasSubstr("closed"));
}

TEST_F(HttpServers, WaitForASlowReaderWithoutBlocking) {
  const UniqueFd slow = Connect();
  for (int i = 0; i < 20; ++i) {
    send(slow.get(), "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", 33, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  Pump();
  const UniqueFd client = Connect();
  Send(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(Received(client), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServers, GiveTheOldestPlaceToANewcomer) {
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 2 * kMostConnections; ++i) {
    idle.push_back(Connect());
    if (i % 16 == 0) Pump();
  }
  const UniqueFd client = Connect();
  Send(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(Received(client), StartsWith("HTTP/1.1 200 OK\r\n"));
  int alive = 0;
  for (const UniqueFd& fd : idle) alive += Received(fd).empty() ? 1 : 0;
  EXPECT_EQ(alive, kMostConnections - 1);
  EXPECT_EQ(Received(idle.front()), "closed");
}

TEST_F(HttpServers, EndWithTheirConnections) {
  const UniqueFd client = Connect();
  Pump();
  server_.reset();
  Pump();
  EXPECT_EQ(Received(client), "closed");
}

TEST_F(HttpServers, NameTheAddressThatIsTaken) {
  const auto second =
      servers_->Serve(where_, Families::kOwn, [](const Request&) { return NotFound(); });
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("listen on 127.0.0.1:8000"));
}

}  // namespace
}  // namespace fairlead::http
