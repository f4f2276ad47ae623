// SPDX-License-Identifier: Apache-2.0
//
// The test server on real connections, as curl sees it: TLS, HTTP/1.1 and HTTP/2,
// and what it breaks on command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <net/if.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "loader/netlink/links.h"
#include "loader/netlink/scratch_netns.h"
#include "tests/apiserver/control.h"
#include "tests/apiserver/curl_client.h"
#include "tests/apiserver/test_api_server.h"

namespace fairlead::apiserver {
namespace {

using ::fairlead::testing::Must;
using ::testing::HasSubstr;
using ::testing::Not;

void BringLoopbackUp() {
  NetlinkSocket netlink = Must(NetlinkSocket::Open());
  testing::MustOk(SetLinkUp(netlink, if_nametoindex("lo")));
}

constexpr char kWatch[] = "/api/v1/services?watch=true&resourceVersion=0";

Json Service(const std::string& name) {
  return {{"metadata", {{"name", name}, {"namespace", "shop"}}}, {"spec", Json::object()}};
}

// HTTP/1.1 or HTTP/2, in a network of its own.
class ApiServerConnection : public ::testing::TestWithParam<bool> {
 protected:
  ApiServerConnection() {
    BringLoopbackUp();
    server_ = Must(TestApiServer::Start({}));
    client_ = NewClient();
  }

  CurlClient::Options ClientOptions() const {
    return {.url = server_->url(),
            .authority = server_->authority(),
            .token = TestApiServer::kToken,
            .http2 = GetParam()};
  }
  std::unique_ptr<CurlClient> NewClient() const {
    return std::make_unique<CurlClient>(ClientOptions());
  }
  void Spoil(const StreamFault& fault) {
    server_->Do([&](ApiServer& server) { server.api().faults().Spoil(fault, {}); });
  }

  testing::ScratchNetns netns_;
  std::unique_ptr<TestApiServer> server_;
  std::unique_ptr<CurlClient> client_;
};

TEST_P(ApiServerConnection, CarriesListsInTheVersionThatWasAgreedOn) {
  server_->Put("services", Service("web"));
  const Fetched list = client_->Get("/api/v1/services");
  EXPECT_EQ(list.result, CURLE_OK);
  EXPECT_EQ(list.code, 200);
  EXPECT_EQ(list.http_version, GetParam() ? CURL_HTTP_VERSION_2_0 : CURL_HTTP_VERSION_1_1);
  EXPECT_THAT(list.body, HasSubstr("{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\""));
}

TEST_P(ApiServerConnection, TellsManyWatchesOfEachChange) {
  std::vector<const Fetched*> watches;
  for (int i = 0; i < 6; ++i) watches.push_back(&client_->Begin(kWatch));
  const auto all_say = [&](const std::string& text) {
    return client_->Until([&] {
      return std::ranges::all_of(watches, [&](const Fetched* watch) {
        return watch->body.find(text) != std::string::npos;
      });
    });
  };
  server_->Put("services", Service("web"));
  EXPECT_TRUE(all_say("\"type\":\"ADDED\""));
  server_->Erase("services", "shop/web");
  EXPECT_TRUE(all_say("\"type\":\"DELETED\""));
  if (GetParam()) {
    uint64_t accepted = 0;
    server_->Do([&](ApiServer& server) { accepted = server.accepted(); });
    EXPECT_EQ(accepted, 1);
  }
}

TEST_P(ApiServerConnection, CarriesWrites) {
  const std::string web = CompactText(Service("web"));
  EXPECT_EQ(client_->Send("POST", "/api/v1/namespaces/shop/services", web).code, 201);
  EXPECT_EQ(client_->Send("POST", "/api/v1/namespaces/shop/services", web).code, 409);
  const std::string target = "/api/v1/namespaces/shop/services/web";
  const Fetched patched = client_->Send("PATCH", target, R"({"spec":{"type":"NodePort"}})",
                                        "application/merge-patch+json");
  EXPECT_EQ(patched.code, 200);
  EXPECT_THAT(patched.body, HasSubstr("\"type\":\"NodePort\""));
  EXPECT_EQ(client_->Send("DELETE", target, "").code, 200);
  EXPECT_EQ(client_->Get(target).code, 404);
}

TEST_P(ApiServerConnection, KnowsClientsByTheirCertificate) {
  KeyPair pair;
  server_->Do([&](ApiServer& server) { pair = Must(server.authority().IssueClient("jane")); });
  CurlClient::Options options = ClientOptions();
  options.token.clear();
  EXPECT_EQ(CurlClient(options).Get("/api/v1/nodes").code, 403);
  options.client = pair;
  EXPECT_EQ(CurlClient(options).Get("/api/v1/nodes").code, 200);
  options.client = Must(Must(Authority::Make("another")).IssueClient("jane"));
  EXPECT_EQ(CurlClient(options).Get("/api/v1/nodes").code, 401);
}

TEST_P(ApiServerConnection, ForgetsRevokedTokens) {
  EXPECT_EQ(client_->Get("/api/v1/nodes").code, 200);
  server_->Do([](ApiServer& server) {
    server.api().access().RevokeToken(TestApiServer::kToken);
    server.api().access().AddToken("new", "somebody");
  });
  EXPECT_EQ(client_->Get("/api/v1/nodes").code, 401);
  CurlClient::Options options = ClientOptions();
  options.token = "new";
  EXPECT_EQ(CurlClient(options).Get("/api/v1/nodes").code, 200);
}

TEST_P(ApiServerConnection, RefusesAsOftenAsItIsTold) {
  server_->Do([](ApiServer& server) {
    server.api().faults().Refuse({.code = 429, .retry_after = 7}, {.plural = "nodes", .times = 2});
    server.api().access().Deny("list", "pods");
  });
  EXPECT_EQ(client_->Get("/api/v1/services").code, 200);
  const Fetched refused = client_->Get("/api/v1/nodes");
  EXPECT_EQ(refused.code, 429);
  EXPECT_THAT(refused.headers, HasSubstr(GetParam() ? "retry-after: 7" : "Retry-After: 7"));
  EXPECT_EQ(client_->Get("/api/v1/nodes").code, 429);
  EXPECT_EQ(client_->Get("/api/v1/nodes").code, 200);
  EXPECT_EQ(client_->Get("/api/v1/pods").code, 403);
}

TEST_P(ApiServerConnection, CutsAnswersAtAByte) {
  server_->Put("services", Service("web"));
  Spoil({.kind = StreamFault::Kind::kCut, .after = 20});
  const Fetched cut = client_->Get("/api/v1/services");
  EXPECT_NE(cut.result, CURLE_OK);
  // curl may forget what came before a stream of HTTP/2 was reset.
  EXPECT_LE(cut.body.size(), 20);
}

TEST_P(ApiServerConnection, EndsAnswersInTheMiddleOfALine) {
  server_->Put("services", Service("web"));
  Spoil({.kind = StreamFault::Kind::kEnd, .after = 20});
  const Fetched half = client_->Get("/api/v1/services");
  EXPECT_EQ(half.result, CURLE_OK);
  EXPECT_EQ(half.body, "{\"kind\":\"ServiceList");
}

TEST_P(ApiServerConnection, PutsGarbageIntoAnswers) {
  Spoil({.kind = StreamFault::Kind::kGarbage, .after = 8, .bytes = "\x01garbage"});
  const Fetched spoilt = client_->Get("/api/v1/services");
  EXPECT_EQ(spoilt.result, CURLE_OK);
  EXPECT_THAT(spoilt.body, HasSubstr("{\"kind\":\x01garbage\"ServiceList\","));
}

TEST_P(ApiServerConnection, LetsAnswersDripAndStall) {
  Spoil({.kind = StreamFault::Kind::kDrip, .count = 7});
  const Fetched dripped = client_->Get("/api/v1/services");
  EXPECT_EQ(dripped.result, CURLE_OK);
  EXPECT_TRUE(dripped.body.ends_with("\"items\":[]}\n"));
  Spoil({.kind = StreamFault::Kind::kStall, .after = 9});
  const Fetched& stalled = client_->Begin("/api/v1/services");
  EXPECT_TRUE(client_->Until([&] { return stalled.body.size() == 9; }));
  server_->Do([](ApiServer& server) { server.api().faults().Heal(); });
  EXPECT_TRUE(client_->Until([&] { return stalled.result != CURL_LAST; }));
  EXPECT_NE(stalled.result, CURLE_OK);
}

TEST_P(ApiServerConnection, EndsWithAllOthersOnCommand) {
  const Fetched& watch = client_->Begin(kWatch);
  server_->Put("services", Service("web"));
  ASSERT_TRUE(client_->Until([&] { return !watch.body.empty(); }));
  server_->Do([](ApiServer& server) {
    server.CloseConnections();
    server.StopListening();
  });
  EXPECT_TRUE(client_->Until([&] { return watch.result != CURL_LAST; }));
  EXPECT_EQ(client_->Get("/version").result, CURLE_COULDNT_CONNECT);
  server_->Do([](ApiServer& server) { testing::MustOk(server.ListenAgain()); });
  EXPECT_EQ(client_->Get("/version").code, 200);
}

TEST_P(ApiServerConnection, FailsInTheHandshake) {
  for (const auto fault : {ConnectionFault::kClose, ConnectionFault::kGarbage}) {
    server_->Do([&](ApiServer& server) { server.SetConnectionFault(fault); });
    EXPECT_EQ(NewClient()->Get("/version").result, CURLE_SSL_CONNECT_ERROR);
  }
  for (const auto which : {ServedCertificate::kWrongName, ServedCertificate::kWrongAuthority}) {
    server_->Do([&](ApiServer& server) {
      server.SetConnectionFault(ConnectionFault::kNone);
      testing::MustOk(server.ServeCertificate(which));
    });
    EXPECT_EQ(NewClient()->Get("/version").result, CURLE_PEER_FAILED_VERIFICATION);
  }
  server_->Do([](ApiServer& server) {
    testing::MustOk(server.ServeCertificate(ServedCertificate::kRight));
  });
  EXPECT_EQ(NewClient()->Get("/version").code, 200);
}

TEST_P(ApiServerConnection, CanBeServedInReverseOrder) {
  server_->Do([](ApiServer& server) { server.HoldConnections(); });
  const auto first = NewClient(), second = NewClient();
  const Fetched& one = first->Begin("/version");
  const Fetched& two = second->Begin("/version");
  const auto accepted = [&] {
    uint64_t count = 0;
    server_->Do([&](ApiServer& server) { count = server.accepted(); });
    return count;
  };
  EXPECT_TRUE(first->Until([&] { return accepted() == 1; }));
  EXPECT_TRUE(second->Until([&] { return accepted() == 2; }));
  EXPECT_EQ(one.result, CURL_LAST);
  server_->Do([](ApiServer& server) { server.ReleaseConnections(); });
  EXPECT_TRUE(second->Until([&] { return two.code == 200; }));
  EXPECT_TRUE(first->Until([&] { return one.code == 200; }));
}

TEST_P(ApiServerConnection, RestartsWithAnOlderState) {
  server_->Put("services", Service("web"));
  std::optional<Store> before;
  server_->Do([&](ApiServer& server) { before = server.api().store(); });
  const Version later = server_->Put("services", Service("web-2"));
  server_->Do(
      [&](ApiServer& server) { server.Restore(*before, ApiServer::RestoredVersion::kAsItWas); });
  const Fetched list = client_->Get("/api/v1/services");
  EXPECT_THAT(list.body, HasSubstr("\"name\":\"web\""));
  EXPECT_THAT(list.body, Not(HasSubstr("web-2")));
  const std::string version = std::to_string(later);
  EXPECT_EQ(client_->Get("/api/v1/services?resourceVersion=" + version).code, 504);
  EXPECT_THAT(client_->Get("/api/v1/services?watch=true&resourceVersion=1").body,
              HasSubstr("\"code\":410"));
}

TEST_P(ApiServerConnection, ObeysCommandsOnItsControlSocket) {
  const testing::ScratchDirectory directory;
  const std::string socket = directory.path() + "/control.sock";
  server_->Do([&](ApiServer& server) {
    testing::MustOk(server.ServeUnix(socket, ControlHandler(server)));
  });
  CurlClient control({.url = "http://control", .unix_socket = socket});
  EXPECT_EQ(control.Send("POST", "/", R"({"refuse":{"code":503,"kind":"nodes"}})").code, 200);
  EXPECT_EQ(client_->Get("/api/v1/nodes").code, 503);
  EXPECT_EQ(client_->Get("/api/v1/nodes").code, 200);
  EXPECT_EQ(control.Send("POST", "/", R"({"connections":"refuse"})").code, 200);
  EXPECT_EQ(NewClient()->Get("/version").result, CURLE_COULDNT_CONNECT);
  EXPECT_EQ(control.Send("POST", "/", R"({"connections":"listen","heal":true})").code, 200);
  EXPECT_EQ(NewClient()->Get("/version").code, 200);
  for (const char* nonsense : {"{", R"({"lamp":true})", R"({"spoil":{"how":"gently"}})"}) {
    EXPECT_EQ(control.Send("POST", "/", nonsense).code, 400) << nonsense;
  }
}

INSTANTIATE_TEST_SUITE_P(BothVersions, ApiServerConnection, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Http2" : "Http1"; });

TEST(ApiServerWithoutTls, ServesPlainHttp) {
  const testing::ScratchNetns netns;
  BringLoopbackUp();
  const auto server = Must(TestApiServer::Start({.tls = false}));
  CurlClient client({.url = server->url(), .token = TestApiServer::kToken});
  EXPECT_EQ(client.Get("/api/v1/services").code, 200);
}

}  // namespace
}  // namespace fairlead::apiserver
