// SPDX-License-Identifier: Apache-2.0
//
// Several API servers, and what each request says about its sender.
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/durable_file.h"
#include "loader/api/http_fixture.h"
#include "loader/api/known_servers.h"
#include "loader/kube/store_fixture.h"

namespace fairlead::api {
namespace {

using fairlead::testing::ScratchDirectory;
using ::testing::HasSubstr;

class SeveralServers : public HttpFixture {
 protected:
  SeveralServers() {
    for (ScriptedServer* server : {&first_, &second_, &third_}) Watch(*server);
  }
  void OpenFirstTwo() { Open({.servers = {{.url = first_.url()}, {.url = second_.url()}}}); }
  static void AnswerWell(ScriptedServer::Connection& connection, const std::string& /*request*/) {
    connection.Write(Answer200("{}"));
  }
  // The answer to one request.
  RecordingReceiver Get() {
    RecordingReceiver receiver;
    const auto exchange = transport_->Send({.target = "/a"}, receiver);
    RunUntil([&receiver] { return receiver.ended(); });
    return receiver;
  }

  ScriptedServer::Answer first_answer_ = AnswerWell;
  ScriptedServer first_{"127.0.0.1", [this](auto& connection, const std::string& request) {
                          first_answer_(connection, request);
                        }};
  ScriptedServer second_{"127.0.0.2", AnswerWell};
  ScriptedServer third_{"127.0.0.3", AnswerWell};
};

TEST_F(SeveralServers, AreAskedInTurnUntilOneIsReached) {
  OpenFirstTwo();
  first_.StopListening();
  const RecordingReceiver receiver = Get();
  EXPECT_TRUE(receiver.end.ok()) << receiver.end;
  EXPECT_EQ(receiver.head->server, second_.url());
}

TEST_F(SeveralServers, AreNotLeftAsLongAsTheyAnswer) {
  OpenFirstTwo();
  EXPECT_EQ(Get().head->server, first_.url());
  first_.StopListening();
  first_.CloseAll();
  EXPECT_EQ(Get().head->server, second_.url());
  first_.Listen();
  EXPECT_EQ(Get().head->server, second_.url());
  EXPECT_EQ(second_.accepted(), 1);
  second_.StopListening();
  second_.CloseAll();
  EXPECT_EQ(Get().head->server, first_.url());
}

TEST_F(SeveralServers, AreAllNamedWhenNoneIsReached) {
  OpenFirstTwo();
  first_.StopListening();
  second_.StopListening();
  const RecordingReceiver receiver = Get();
  EXPECT_TRUE(absl::IsUnavailable(receiver.end));
  EXPECT_THAT(receiver.end.message(), HasSubstr(first_.url()));
  EXPECT_THAT(receiver.end.message(), HasSubstr(second_.url()));
  EXPECT_EQ(receiver.ends, 1);
}

TEST_F(SeveralServers, AreNotAskedAgainForWhatMayHaveBeenDone) {
  OpenFirstTwo();
  first_answer_ = [](auto& connection, const std::string&) { connection.Close(); };
  const RecordingReceiver cut = Get();
  EXPECT_TRUE(absl::IsUnavailable(cut.end));
  EXPECT_TRUE(second_.requests().empty());
  EXPECT_EQ(Get().head->server, second_.url()) << "but the next request goes elsewhere";
}

TEST_F(SeveralServers, LoseTheirTurnWithoutABackend) {
  for (const int code : {502, 503, 504}) {
    OpenFirstTwo();
    first_answer_ = [code](auto& connection, const std::string&) {
      connection.Write(AnswerCode(code));
    };
    EXPECT_EQ(Get().head->code, code);
    EXPECT_EQ(Get().head->server, second_.url());
  }
}

TEST_F(SeveralServers, AreFollowedByFallbacks) {
  Open({.servers = {{.url = first_.url()}}});
  transport_->SetFallbacks({{.url = second_.url()}, {.url = "no url://"}});
  first_.StopListening();
  EXPECT_EQ(Get().head->server, second_.url());
  transport_->SetFallbacks({{.url = third_.url()}});
  EXPECT_EQ(Get().head->server, third_.url()) << "the second one is no API server any more";
  transport_->SetFallbacks({});
  first_.Listen();
  EXPECT_EQ(Get().head->server, first_.url());
}

class ATokenFile : public SeveralServers {
 protected:
  ATokenFile() {
    Write("one");
    Open({.servers = {{.url = first_.url()}}, .user = {.token = {.file = token_}}});
  }
  void Write(const std::string& token) { MustOk(ReplaceFile(token_, token)); }

  ScratchDirectory directory_;
  std::string token_ = directory_.path() + "/token";
};

TEST_F(ATokenFile, IsReadAnewWhenTheServerRefusesIt) {
  first_answer_ = [](auto& connection, const std::string& request) {
    const bool known = request.find("Authorization: Bearer two\r\n") != std::string::npos;
    connection.Write(known ? Answer200("{}") : AnswerCode(401));
  };
  EXPECT_EQ(Get().head->code, 401);
  Write("two\n");
  EXPECT_EQ(Get().head->code, 200);
  EXPECT_EQ(first_.accepted(), 1);
}

class APluginOfATransport : public SeveralServers {
 protected:
  void OpenWith(const std::string& script) {
    MustOk(ReplaceFile(plugin_, "#!/bin/sh\n" + script + "\n"));
    chmod(plugin_.c_str(), 0700);
    ExecPlugin exec;
    exec.command = plugin_;
    exec.api_version = "client.authentication.k8s.io/v1";
    Open({.servers = {{.url = first_.url()}}, .user = {.exec = exec}});
  }
  ScratchDirectory directory_;
  std::string plugin_ = directory_.path() + "/plugin";
};

TEST_F(APluginOfATransport, IsWaitedForByAllRequests) {
  OpenWith(fmt::format(
      "echo x >> {}/runs; while ! test -e {}/go; do sleep 0.02; done\n"
      R"(echo '{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
      R"("status":{{"token":"abc"}}}}')",
      directory_.path(), directory_.path()));
  RecordingReceiver one, two;
  const auto first = transport_->Send({.target = "/1"}, one);
  const auto second = transport_->Send({.target = "/2"}, two);
  RunUntil([this] { return ReadWholeFile(directory_.path() + "/runs").ok(); });
  Settle();
  EXPECT_TRUE(first_.requests().empty());
  MustOk(ReplaceFile(directory_.path() + "/go", ""));
  RunUntil([&] { return one.ended() && two.ended(); });
  EXPECT_EQ(Must(ReadWholeFile(directory_.path() + "/runs")), "x\n");
  for (const std::string& request : first_.requests()) {
    EXPECT_THAT(request, HasSubstr("Authorization: Bearer abc\r\n"));
  }
}

TEST_F(APluginOfATransport, ThatFailsLeavesRequestsUnsent) {
  OpenWith("echo log in first >&2; exit 1");
  const RecordingReceiver receiver = Get();
  EXPECT_TRUE(absl::IsUnauthenticated(receiver.end));
  EXPECT_THAT(receiver.end.message(), HasSubstr("log in first"));
  EXPECT_TRUE(first_.requests().empty());
}

TEST_F(APluginOfATransport, IsNotWaitedForByWhatIsCancelledOrQuiet) {
  OpenWith("sleep 1000");
  RecordingReceiver gone, quiet;
  auto exchange = transport_->Send({.target = "/1"}, gone);
  const auto limited =
      transport_->Send({.target = "/2", .quiet_limit = std::chrono::milliseconds(50)}, quiet);
  exchange.reset();
  RunUntil([&quiet] { return quiet.ended(); });
  // Not DeadlineExceeded: no server was asked, so none is to blame.
  EXPECT_TRUE(absl::IsUnauthenticated(quiet.end)) << quiet.end;
  EXPECT_FALSE(gone.ended());
}

class TheServersThatAreKnown : public SeveralServers {
 protected:
  ScratchDirectory directory_;
};

TEST_F(TheServersThatAreKnown, A1_7_survive_a_restart) {
  const Access access{.servers = {{.url = "https://127.0.0.9:1"}}};
  const kube::ObjectStore store = kube::StoreOf(
      "kind: EndpointSlice\napiVersion: discovery.k8s.io/v1\n"
      "metadata: {namespace: default, name: a, labels: {kubernetes.io/service-name: kubernetes}}\n"
      "addressType: IPv4\nports: [{name: https, port: 1}]\nendpoints: [{addresses: "
      "[127.0.0.8]}]\n");
  Open(access);
  KnownServers learning(access, directory_.path(), *transport_);
  learning.Follow(store);
  learning.Follow(kube::ObjectStore());  // that there are none is no news
  Open(access);
  const KnownServers known(access, directory_.path(), *transport_);
  const RecordingReceiver receiver = Get();
  EXPECT_THAT(receiver.end.message(), HasSubstr("https://127.0.0.9:1: not reached"));
  EXPECT_THAT(receiver.end.message(), HasSubstr("https://127.0.0.8:1: not reached"));
}

}  // namespace
}  // namespace fairlead::api
