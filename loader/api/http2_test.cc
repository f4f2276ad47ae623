// SPDX-License-Identifier: Apache-2.0
//
// The transport and a real API server's behaviour on the wire, by both versions
// of HTTP. The server has a thread of its own.
#include <fmt/format.h>

#include <future>
#include <nlohmann/json.hpp>

#include "loader/api/http_fixture.h"
#include "loader/api/node_status.h"
#include "tests/apiserver/test_api_server.h"

namespace fairlead::api {
namespace {

using apiserver::ApiServer;
using apiserver::StreamFault;
using apiserver::TestApiServer;
using ::testing::HasSubstr;

constexpr char kWatch[] = "/api/v1/services?watch=true&resourceVersion=0";

class AnApiServer : public HttpFixture, public ::testing::WithParamInterface<bool> {
 protected:
  AnApiServer() {
    server_ = Must(TestApiServer::Start({.http2 = GetParam()}));
    OpenWith(QuickSettings());
  }
  void OpenWith(const HttpSettings& settings) {
    Open({.servers = {{.url = server_->url()}},
          .ca = {.text = server_->authority()},
          .user = {.token = {.text = TestApiServer::kToken}}},
         settings);
  }
  std::unique_ptr<Exchange> Ask(const std::string& target, Receiver& receiver) {
    return transport_->Send({.target = target}, receiver);
  }
  RecordingReceiver Get(const std::string& target) {
    RecordingReceiver receiver;
    const auto exchange = Ask(target, receiver);
    RunUntil([&receiver] { return receiver.ended(); });
    return receiver;
  }
  void PutService(const std::string& name) {
    server_->Put("services", {{"metadata", {{"name", name}, {"namespace", "shop"}}},
                              {"spec", apiserver::Json::object()}});
  }
  uint64_t Accepted() {
    uint64_t accepted = 0;
    server_->Do([&accepted](ApiServer& server) { accepted = server.accepted(); });
    return accepted;
  }

  std::unique_ptr<TestApiServer> server_;
};

TEST_P(AnApiServer, CarriesAllWatchesByOneConnectionIfItCan) {
  std::list<RecordingReceiver> watches(12);
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (RecordingReceiver& watch : watches) exchanges.push_back(Ask(kWatch, watch));
  PutService("web");
  for (RecordingReceiver& watch : watches) {
    RunUntil([&watch] { return watch.body.find("\"web\"") != std::string::npos; });
    EXPECT_FALSE(watch.ended());
  }
  EXPECT_TRUE(!GetParam() || Accepted() == 1);
}

TEST_P(AnApiServer, GoesOnWithTheOthersWhenOneIsCancelled) {
  RecordingReceiver stays, goes;
  const auto staying = Ask(kWatch, stays);
  auto going = Ask(kWatch, goes);
  RunUntil([&] { return stays.head && goes.head; });
  going.reset();
  PutService("web");
  RunUntil([&] { return stays.body.find("\"web\"") != std::string::npos; });
  EXPECT_EQ(Get("/version").head->code, 200);
  EXPECT_FALSE(stays.ended());
  EXPECT_TRUE(!GetParam() || Accepted() == 1);
}

TEST_P(AnApiServer, SendsALongListWhole) {
  for (int i = 0; i < 300; ++i) {
    server_->Put("services", {{"metadata",
                               {{"name", fmt::format("s{}", i)},
                                {"namespace", "shop"},
                                {"annotations", {{"a", std::string(20'000, 'x')}}}}},
                              {"spec", apiserver::Json::object()}});
  }
  const RecordingReceiver list = Get("/api/v1/services");
  EXPECT_TRUE(list.end.ok()) << list.end;
  EXPECT_EQ(nlohmann::json::parse(list.body)["items"].size(), 300U);
}

TEST_P(AnApiServer, ThatCutsAStreamEndsThatOneUnavailable) {
  RecordingReceiver whole;
  const auto exchange = Ask("/api/v1/nodes?watch=true&resourceVersion=0", whole);
  RunUntil([&whole] { return whole.head.has_value(); });
  PutService("web");
  server_->Do([](ApiServer& server) {
    server.api().faults().Spoil({.kind = StreamFault::Kind::kCut, .after = 20}, {});
  });
  const RecordingReceiver cut = Get("/api/v1/services");
  EXPECT_TRUE(absl::IsUnavailable(cut.end)) << cut.end;
  EXPECT_LE(cut.body.size(), 20U);
  EXPECT_FALSE(whole.ended());
}

TEST_P(AnApiServer, ThatClosesItsConnectionsIsAskedOnANewOne) {
  RecordingReceiver watch;
  const auto exchange = Ask(kWatch, watch);
  RunUntil([&watch] { return watch.head.has_value(); });
  server_->Do([](ApiServer& server) { server.CloseConnections(); });
  RunUntil([&watch] { return watch.ended(); });
  EXPECT_TRUE(absl::IsUnavailable(watch.end)) << watch.end;
  EXPECT_EQ(Get("/version").head->code, 200);
}

TEST_P(AnApiServer, ThatSendsClientsAwayEndsWhatItHasBegun) {
  RecordingReceiver watch;
  const auto exchange = Ask(kWatch, watch);
  RunUntil([&watch] { return watch.head.has_value(); });
  server_->Do([](ApiServer& server) { server.SendClientsAway(); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Get("/version").head->code, 200);
  PutService("web");
  RunUntil([&watch] { return watch.body.find("\"web\"") != std::string::npos; });
  EXPECT_FALSE(watch.ended());
  EXPECT_EQ(Accepted(), 2U) << "new requests have a new connection";
}

TEST_P(AnApiServer, MayBeAwayAndComeBack) {
  EXPECT_EQ(Get("/version").head->code, 200);
  server_->Do([](ApiServer& server) {
    server.StopListening();
    server.CloseConnections();
  });
  EXPECT_TRUE(absl::IsUnavailable(Get("/version").end));
  server_->Do([](ApiServer& server) { MustOk(server.ListenAgain()); });
  EXPECT_EQ(Get("/version").head->code, 200);
}

TEST_P(AnApiServer, SaysWhenToAskAgain) {
  server_->Do([](ApiServer& server) {
    server.api().faults().Refuse({.code = 429, .retry_after = 7}, {.plural = "services"});
  });
  const RecordingReceiver refused = Get("/api/v1/services");
  EXPECT_EQ(refused.head->code, 429);
  EXPECT_EQ(refused.head->retry_after, std::chrono::seconds(7));
  EXPECT_EQ(refused.head->content_type, "application/json");
}

TEST_P(AnApiServer, TakesPatches) {
  PutService("web");
  RecordingReceiver receiver;
  const auto exchange = transport_->Send({.verb = Verb::kPatch,
                                          .target = "/api/v1/namespaces/shop/services/web",
                                          .content_type = "application/merge-patch+json",
                                          .body = R"({"spec":{"type":"NodePort"}})"},
                                         receiver);
  RunUntil([&receiver] { return receiver.ended(); });
  EXPECT_EQ(receiver.head->code, 200);
  EXPECT_THAT(receiver.body, HasSubstr("NodePort"));
}

TEST_P(AnApiServer, KeepsWhatOthersSayOfTheNode) {
  server_->Put("nodes", {{"metadata", {{"name", "n1"}}},
                         {"status",
                          {{"conditions",
                            {{{"type", "NetworkUnavailable"}, {"status", "True"}},
                             {{"type", "Ready"}, {"status", "True"}}}}}}});
  NodeStatusWriter writer(*transport_, *clock_);
  writer.Write({.node_name = "n1", .version = "0.1.0"}, 1);
  nlohmann::json node;
  RunUntil([&] {
    node = nlohmann::json::parse(Get("/api/v1/nodes/n1").body);
    return node["metadata"].contains("annotations");
  });
  EXPECT_EQ(node["metadata"]["annotations"][kVersionAnnotation], "0.1.0");
  ASSERT_EQ(node["status"]["conditions"].size(), 2U);
  EXPECT_EQ(node["status"]["conditions"][0]["status"], "False");
  EXPECT_EQ(node["status"]["conditions"][1]["type"], "Ready");
}

TEST_P(AnApiServer, ThatIsThereForTheKernelOnlyIsLeft) {
  HttpSettings settings = QuickSettings();
  settings.probe_after = std::chrono::milliseconds(100);
  settings.probe_limit = std::chrono::milliseconds(1000);
  OpenWith(settings);
  RecordingReceiver watch;
  const auto exchange = Ask(kWatch, watch);
  RunUntil([&watch] { return watch.head.has_value(); });
  std::promise<void> go_on;
  server_->Do([stopped = go_on.get_future().share()](ApiServer& server) {
    server.Post([stopped] { stopped.wait(); });
  });
  RunUntil([&watch] { return watch.ended(); });
  EXPECT_TRUE(absl::IsUnavailable(watch.end)) << watch.end;
  go_on.set_value();
  EXPECT_EQ(Get("/version").head->code, 200);
}

INSTANTIATE_TEST_SUITE_P(ByBothVersions, AnApiServer, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "Http2" : "Http1"; });

}  // namespace
}  // namespace fairlead::api
