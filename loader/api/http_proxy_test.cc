// SPDX-License-Identifier: Apache-2.0
//
// By way of a proxy.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <list>

#include "base/socket_address.h"
#include "loader/api/http_fixture.h"
#include "tests/apiserver/certificates.h"

namespace fairlead::api {
namespace {

using apiserver::Authority;
using apiserver::KeyPair;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Leads every client to `target`, wherever it wanted to go.
class Tunnel {
 public:
  Tunnel(const Endpoint& target, std::string answer)
      : target_(target), answer_(std::move(answer)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    listening_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    SocketAddress address(Endpoint{Must(IpAddress::Parse("127.0.0.50")), 3128});
    EXPECT_EQ(bind(listening_.get(), address.get(), address.size), 0);
    EXPECT_EQ(listen(listening_.get(), 8), 0);
    Watch(listening_.get(), nullptr);
  }
  int fd() const { return epoll_.get(); }
  const std::vector<std::string>& asked() const { return asked_; }

  void ReadReady() {
    std::array<epoll_event, 8> events{};
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), 0);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == nullptr) {
        Way& way = ways_.emplace_back();
        way.client = UniqueFd(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        Watch(way.client.get(), &way);
      } else {
        Carry(*static_cast<Way*>(events[i].data.ptr));
      }
    }
  }

 private:
  struct Way {
    UniqueFd client;
    UniqueFd server;
    std::string head;
  };

  void Watch(int fd, Way* way) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = way;
    EXPECT_EQ(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), 0);
  }
  // Moves what has come at either end to the other one.
  void Carry(Way& way) {
    for (const bool from_client : {true, false}) {
      const UniqueFd& from = from_client ? way.client : way.server;
      const UniqueFd& to = from_client ? way.server : way.client;
      char bytes[16384];
      const ssize_t got = from.ok() ? recv(from.get(), bytes, sizeof(bytes), MSG_DONTWAIT) : -1;
      if (got == 0) {
        way.client.Reset();
        way.server.Reset();
      } else if (got > 0 && to.ok()) {
        send(to.get(), bytes, static_cast<size_t>(got), MSG_NOSIGNAL);
      } else if (got > 0) {
        way.head.append(bytes, static_cast<size_t>(got));
        if (way.head.ends_with("\r\n\r\n")) Lead(way);
      }
    }
  }
  void Lead(Way& way) {
    asked_.push_back(way.head.substr(0, way.head.find("\r\n")));
    way.server = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const SocketAddress address(target_);
    EXPECT_EQ(connect(way.server.get(), address.get(), address.size), 0);
    Watch(way.server.get(), &way);
    send(way.client.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
  }

  const Endpoint target_;
  const std::string answer_;
  UniqueFd epoll_;
  UniqueFd listening_;
  std::list<Way> ways_;
  std::vector<std::string> asked_;
};

class AProxy : public HttpFixture {
 protected:
  AProxy() { Watch(server_); }
  // Asks for a server in a network that only the proxy knows.
  RecordingReceiver Get(const std::string& tls_name, const std::string& answer) {
    tunnel_ = std::make_unique<Tunnel>(server_.where(), answer);
    Watch(tunnel_->fd(), [this] { tunnel_->ReadReady(); });
    Open({.servers = {{.url = "https://198.51.100.1:6443", .tls_name = tls_name}},
          .ca = {.text = authority_.certificate()},
          .proxy_url = "http://127.0.0.50:3128"});
    RecordingReceiver receiver;
    const auto exchange = transport_->Send({.target = "/a"}, receiver);
    RunUntil([&receiver] { return receiver.ended(); });
    return receiver;
  }

  const Authority authority_ = Must(Authority::Make("cluster"));
  const KeyPair pair_ = Must(authority_.IssueServer({"198.51.100.1", "api.cluster"}));
  ScriptedServer server_{
      "127.0.0.1", [](auto& connection, const std::string&) { connection.Write(Answer200("{}")); },
      ServerTls{.certificate = pair_.certificate, .key = pair_.key}};
  std::unique_ptr<Tunnel> tunnel_;
};

constexpr char kGo[] = "HTTP/1.1 200 OK\r\nX-Proxy: yes\r\n\r\n";

TEST_F(AProxy, LeadsToTheServer) {
  const RecordingReceiver receiver = Get("", kGo);
  EXPECT_TRUE(receiver.end.ok()) << receiver.end;
  EXPECT_EQ(receiver.body, "{}");
  EXPECT_THAT(tunnel_->asked(), ElementsAre("CONNECT 198.51.100.1:6443 HTTP/1.1"));
}

TEST_F(AProxy, IsAskedForTheAddressNotForTheNameOfTheCertificate) {
  const RecordingReceiver receiver = Get("api.cluster", kGo);
  EXPECT_TRUE(receiver.end.ok()) << receiver.end;
  EXPECT_THAT(tunnel_->asked(), ElementsAre("CONNECT 198.51.100.1:6443 HTTP/1.1"));
  EXPECT_EQ(server_.connections().front().asked_name(), "api.cluster");
}

TEST_F(AProxy, MayRefuse) {
  const RecordingReceiver receiver = Get("", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(absl::IsUnavailable(receiver.end)) << receiver.end;
  EXPECT_THAT(receiver.end.message(), HasSubstr("403"));
  EXPECT_FALSE(receiver.head);
}

}  // namespace
}  // namespace fairlead::api
