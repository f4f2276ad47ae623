// SPDX-License-Identifier: Apache-2.0
//
// For tests: a transport and its servers on the loopback of a namespace of their
// own, all on the test's thread. The servers are scripts: a test says byte by
// byte what is answered, and when.
#ifndef FAIRLEAD_LOADER_API_HTTP_FIXTURE_H_
#define FAIRLEAD_LOADER_API_HTTP_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/unique_fd.h"
#include "loader/api/http_transport.h"
#include "loader/api/timer_clock.h"
#include "loader/netlink/scratch_netns.h"

struct ssl_ctx_st;
struct ssl_st;

namespace fairlead::api {

using fairlead::testing::Must;
using fairlead::testing::MustOk;

// What a server shows, and whose clients it takes. PEM.
struct ServerTls {
  std::string certificate = {};
  std::string key = {};
  std::string client_ca = {};  // empty: clients need no certificate
  int newest_version = 0;      // of OpenSSL; 0: any
};

class ScriptedServer {
 public:
  class Connection {
   public:
    ~Connection();
    void Write(const std::string& bytes);
    void Close();
    bool open() const { return fd_.ok(); }
    const std::string& client_name() const { return client_name_; }  // CN of its certificate
    const std::string& asked_name() const { return asked_name_; }    // by SNI

   private:
    friend class ScriptedServer;
    UniqueFd fd_;
    ssl_st* ssl_ = nullptr;
    bool shaken_ = false;
    std::string unread_;
    std::string client_name_;
    std::string asked_name_;
  };
  // Called with each complete request: its head and body.
  using Answer = std::function<void(Connection&, const std::string& request)>;

  // Listens at once; port 0: a free one.
  ScriptedServer(const std::string& address, Answer answer, std::optional<ServerTls> tls = {},
                 uint16_t port = 0);
  ~ScriptedServer();

  int fd() const { return epoll_.get(); }
  void ReadReady();
  // Whoever connects is refused, until Listen().
  void StopListening();
  void Listen();
  void CloseAll();

  std::string url() const { return (ssl_ == nullptr ? "http://" : "https://") + where_.ToString(); }
  const Endpoint& where() const { return where_; }
  std::list<Connection>& connections() { return connections_; }
  int accepted() const { return accepted_; }
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  void Accept();
  void Read(Connection& connection);
  bool Shake(Connection& connection);
  void TakeRequests(Connection& connection);

  Endpoint where_;
  Answer answer_;
  ssl_ctx_st* ssl_ = nullptr;
  UniqueFd epoll_;
  UniqueFd listening_;
  std::list<Connection> connections_;
  int accepted_ = 0;
  std::vector<std::string> requests_;
};

// "HTTP/1.1 200 OK" with that body and its length.
std::string Answer200(const std::string& body);
std::string AnswerCode(int code, const std::string& more_headers = "");
// The beginning of a chunked answer, and its parts; "" is its end.
std::string ChunkedHead();
std::string Chunk(const std::string& text);

// Writes down what it is told.
class RecordingReceiver : public Receiver {
 public:
  void Begin(const ResponseHead& response) override {
    head = response;
    if (on_begin) on_begin();
  }
  void Receive(std::string_view bytes) override {
    body.append(bytes);
    if (on_receive) on_receive();
  }
  void End(const absl::Status& status) override {
    ++ends;
    end = status;
    if (on_end) on_end();
  }
  bool ended() const { return ends != 0; }

  std::optional<ResponseHead> head;
  std::string body;
  absl::Status end;
  int ends = 0;
  std::function<void()> on_begin, on_receive, on_end;
};

class HttpFixture : public ::testing::Test {
 protected:
  HttpFixture();

  // Turns the loop until `done`, or fails the test after many seconds.
  void RunUntil(const std::function<bool()>& done);
  // Turns the loop until nobody has had anything to do for a moment.
  void Settle();
  void Watch(int fd, std::function<void()> ready);
  void Watch(ScriptedServer& server) {
    Watch(server.fd(), [&server] { server.ReadReady(); });
  }
  void Open(Access access, HttpSettings settings = QuickSettings());
  static HttpSettings QuickSettings();

  fairlead::testing::ScratchNetns netns_;
  std::unique_ptr<TimerClock> clock_ = Must(TimerClock::Create());
  std::unique_ptr<HttpTransport> transport_;

 private:
  bool Turn(int milliseconds);
  std::vector<std::pair<int, std::function<void()>>> watched_;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_HTTP_FIXTURE_H_
