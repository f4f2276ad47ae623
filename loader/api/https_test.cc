// SPDX-License-Identifier: Apache-2.0
//
// Who is trusted, and by whom.
#include <openssl/ssl.h>

#include "base/durable_file.h"
#include "loader/api/http_fixture.h"
#include "tests/apiserver/certificates.h"

namespace fairlead::api {
namespace {

using apiserver::Authority;
using apiserver::KeyPair;
using fairlead::testing::ScratchDirectory;
using ::testing::HasSubstr;

class Tls : public HttpFixture {
 protected:
  // A server at `address` whose certificate has these names.
  std::unique_ptr<ScriptedServer> Serve(const std::vector<std::string>& names, ServerTls tls = {},
                                        const std::string& at = "127.0.0.1") {
    const KeyPair pair = Must(authority_.IssueServer(names));
    tls.certificate = pair.certificate;
    tls.key = pair.key;
    auto server = std::make_unique<ScriptedServer>(
        at, [this](auto& connection, const std::string&) { connection.Write(answer_); }, tls);
    Watch(*server);
    return server;
  }
  static Access To(const ScriptedServer& server, const std::string& ca,
                   const std::string& tls_name = "") {
    return {.servers = {{.url = server.url(), .tls_name = tls_name}}, .ca = {.text = ca}};
  }
  RecordingReceiver Get() {
    RecordingReceiver receiver;
    const auto exchange = transport_->Send({.target = "/a"}, receiver);
    RunUntil([&receiver] { return receiver.ended(); });
    return receiver;
  }
  RecordingReceiver Get(const Access& access, const HttpSettings& settings = QuickSettings()) {
    Open(access, settings);
    return Get();
  }

  std::string answer_ = Answer200("{}");
  const Authority authority_ = Must(Authority::Make("cluster"));
  const Authority stranger_ = Must(Authority::Make("stranger"));
};

TEST_F(Tls, TakesTheServerThatTheAuthorityNames) {
  const auto server = Serve({"127.0.0.1"});
  const RecordingReceiver receiver = Get(To(*server, authority_.certificate()));
  EXPECT_TRUE(receiver.end.ok()) << receiver.end;
  EXPECT_EQ(receiver.head->code, 200);
}

TEST_F(Tls, RefusesAServerOfAnotherAuthorityOrName) {
  const auto server = Serve({"127.0.0.1", "api.cluster"});
  const auto other = Serve({"other.cluster", "127.0.0.7"}, {}, "127.0.0.2");
  for (const Access& access :
       {To(*server, stranger_.certificate()), To(*other, authority_.certificate()), To(*server, ""),
        To(*server, authority_.certificate(), "other.cluster")}) {
    const RecordingReceiver receiver = Get(access);
    EXPECT_TRUE(absl::IsUnauthenticated(receiver.end)) << receiver.end;
    EXPECT_THAT(receiver.end.message(), HasSubstr("is not who it should be"));
  }
  EXPECT_TRUE(server->requests().empty());
}

TEST_F(Tls, AsksForTheNameThatTheCertificateIsToHave) {
  const auto server = Serve({"api.cluster"});
  const RecordingReceiver receiver = Get(To(*server, authority_.certificate(), "api.cluster"));
  EXPECT_TRUE(receiver.end.ok()) << receiver.end;
  EXPECT_EQ(receiver.head->server, server->url());
  EXPECT_EQ(server->connections().front().asked_name(), "api.cluster");
  EXPECT_THAT(server->requests().front(),
              HasSubstr("\r\nHost: " + server->where().ToString() + "\r\n"));
}

TEST_F(Tls, TakesAnAddressOfIpv6) {
  const auto server = Serve({"api.cluster", "::1"}, {}, "::1");
  EXPECT_TRUE(Get(To(*server, authority_.certificate())).end.ok());
  EXPECT_TRUE(Get(To(*server, authority_.certificate(), "api.cluster")).end.ok());
}

TEST_F(Tls, TakesAnybodyIfThatIsAsked) {
  const auto server = Serve({"other.cluster"});
  Access access = To(*server, "");
  access.insecure_skip_tls_verify = true;
  EXPECT_TRUE(Get(access).end.ok());
}

TEST_F(Tls, IsNotOlderThan12) {
  const auto old = Serve({"127.0.0.1"}, {.newest_version = TLS1_1_VERSION});
  const RecordingReceiver receiver = Get(To(*old, authority_.certificate()));
  EXPECT_TRUE(absl::IsUnavailable(receiver.end)) << receiver.end;
  const auto fine = Serve({"127.0.0.1"}, {.newest_version = TLS1_2_VERSION});
  EXPECT_TRUE(Get(To(*fine, authority_.certificate())).end.ok());
}

TEST_F(Tls, SaysThatAnAuthorityIsNone) {
  const auto server = Serve({"127.0.0.1"});
  const RecordingReceiver receiver = Get(To(*server, "-----BEGIN CERTIFICATE-----\nnone\n"));
  EXPECT_TRUE(absl::IsUnauthenticated(receiver.end)) << receiver.end;
}

TEST_F(Tls, LeavesWhoeverDoesNotShakeHandsOrIsSomebodyElse) {
  const auto good = Serve({"127.0.0.3"}, {}, "127.0.0.3");
  const auto impostor = Serve({"other"}, {}, "127.0.0.2");
  ScriptedServer silent("127.0.0.1", [](auto&, const std::string&) {});
  Watch(silent);
  Access access = To(*good, authority_.certificate());
  access.servers = {{.url = "https://" + silent.where().ToString()},
                    {.url = impostor->url()},
                    {.url = good->url()}};
  HttpSettings settings = QuickSettings();
  settings.connect_limit = std::chrono::seconds(5);
  const RecordingReceiver receiver = Get(access, settings);
  EXPECT_TRUE(receiver.end.ok()) << receiver.end;
  EXPECT_EQ(receiver.head->server, good->url());
}

TEST_F(Tls, IsWaitedForOnceByAllWhoWait) {
  const auto good = Serve({"127.0.0.3"}, {}, "127.0.0.3");
  ScriptedServer silent("127.0.0.1", [](auto&, const std::string&) {});
  Watch(silent);
  Access access = To(*good, authority_.certificate());
  access.servers = {{.url = "https://" + silent.where().ToString()}, {.url = good->url()}};
  HttpSettings settings = QuickSettings();
  settings.connect_limit = std::chrono::seconds(5);
  Open(access, settings);
  std::list<RecordingReceiver> receivers(8);
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (RecordingReceiver& receiver : receivers) {
    exchanges.push_back(transport_->Send({.target = "/a"}, receiver));
  }
  for (RecordingReceiver& receiver : receivers) {
    RunUntil([&receiver] { return receiver.ended(); });
    EXPECT_TRUE(receiver.end.ok()) << receiver.end;
  }
  // One that waited may have begun to connect before it was told.
  EXPECT_LE(silent.accepted(), 2);
}

TEST_F(Tls, FollowsAnAuthorityThatRotates) {
  const ScratchDirectory directory;
  const std::string file = directory.path() + "/ca.crt";
  MustOk(ReplaceFile(file, stranger_.certificate()));
  const auto server = Serve({"127.0.0.1"});
  EXPECT_TRUE(absl::IsUnauthenticated(
      Get({.servers = {{.url = server->url()}}, .ca = {.file = file}}).end));
  MustOk(ReplaceFile(file, authority_.certificate()));
  EXPECT_TRUE(Get().end.ok()) << "read again when somebody is not trusted";
}

class ClientCertificate : public Tls {
 protected:
  ClientCertificate() { Use("one"); }
  void Use(const std::string& user) {
    const KeyPair pair = Must(authority_.IssueClient(user));
    MustOk(ReplaceFile(certificate_, pair.certificate));
    MustOk(ReplaceFile(key_, pair.key));
  }
  Access WithCertificate(const ScriptedServer& server) {
    Access access = To(server, authority_.certificate());
    access.user.certificate.file = certificate_;
    access.user.key.file = key_;
    return access;
  }

  ScratchDirectory directory_;
  std::string certificate_ = directory_.path() + "/client.crt";
  std::string key_ = directory_.path() + "/client.key";
  std::unique_ptr<ScriptedServer> server_ =
      Serve({"127.0.0.1"}, {.client_ca = authority_.certificate()});
};

TEST_F(ClientCertificate, SaysWhoAsks) {
  EXPECT_TRUE(Get(WithCertificate(*server_)).end.ok());
  EXPECT_EQ(server_->connections().front().client_name(), "one");
}

TEST_F(ClientCertificate, ThatIsMissingIsSaidToBeMissing) {
  const RecordingReceiver receiver = Get(To(*server_, authority_.certificate()));
  EXPECT_TRUE(absl::IsUnauthenticated(receiver.end)) << receiver.end;
  EXPECT_THAT(receiver.end.message(), HasSubstr("refuses the client certificate"));
}

TEST_F(ClientCertificate, ThatIsRefusedIsReadAgain) {
  const KeyPair unknown = Must(stranger_.IssueClient("one"));
  MustOk(ReplaceFile(certificate_, unknown.certificate));
  MustOk(ReplaceFile(key_, unknown.key));
  const RecordingReceiver receiver = Get(WithCertificate(*server_));
  EXPECT_FALSE(receiver.end.ok());
  Use("two");
  const RecordingReceiver again = Get();
  EXPECT_TRUE(again.end.ok()) << again.end;
  EXPECT_EQ(server_->connections().back().client_name(), "two");
}

TEST_F(ClientCertificate, ThatHasRotatedMakesANewConnection) {
  EXPECT_TRUE(Get(WithCertificate(*server_)).end.ok());
  answer_ = AnswerCode(401);
  Use("two");
  EXPECT_EQ(Get().head->code, 401);
  EXPECT_EQ(Get().head->code, 401) << "by the new one";
  EXPECT_EQ(server_->accepted(), 2);
  EXPECT_EQ(server_->connections().back().client_name(), "two");
}

TEST_F(ClientCertificate, ThatIsNoneIsSaidToBeNone) {
  MustOk(ReplaceFile(certificate_, "nothing"));
  const RecordingReceiver receiver = Get(WithCertificate(*server_));
  EXPECT_TRUE(absl::IsUnauthenticated(receiver.end)) << receiver.end;
  EXPECT_THAT(receiver.end.message(), HasSubstr("the client certificate is not usable"));
}

}  // namespace
}  // namespace fairlead::api
