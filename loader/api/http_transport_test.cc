// SPDX-License-Identifier: Apache-2.0
//
// What a caller of Send() can rely on, whatever the server does.
#include "loader/api/http_transport.h"

#include "loader/api/http_fixture.h"

namespace fairlead::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class OneServer : public HttpFixture {
 protected:
  OneServer() {
    Watch(server_);
    Open({.servers = {{.url = server_.url()}}});
  }

  std::unique_ptr<Exchange> Get(const std::string& target, Receiver& receiver,
                                std::chrono::milliseconds quiet_limit = {}) {
    return transport_->Send({.target = target, .quiet_limit = quiet_limit}, receiver);
  }
  void RunToEnd(RecordingReceiver& receiver) {
    RunUntil([&receiver] { return receiver.ended(); });
  }

  ScriptedServer::Answer answer_ = [](ScriptedServer::Connection& connection, const std::string&) {
    connection.Write(Answer200("{}"));
  };
  ScriptedServer server_{"127.0.0.1", [this](auto& connection, const std::string& request) {
                           answer_(connection, request);
                         }};
  RecordingReceiver receiver_;
};

TEST_F(OneServer, AnAnswerHasItsHeadItsBytesAndOneEnd) {
  answer_ = [](auto& connection, const std::string&) {
    connection.Write(
        "HTTP/1.1 429 Slow Down\r\nContent-Type: application/json\r\nRetry-After: 7\r\n"
        "Content-Length: 4\r\n\r\nbody");
  };
  const auto exchange = Get("/api/v1/services?limit=500", receiver_);
  EXPECT_FALSE(receiver_.head) << "nothing is called from within Send()";
  RunToEnd(receiver_);
  EXPECT_TRUE(receiver_.end.ok()) << receiver_.end;
  ASSERT_TRUE(receiver_.head);
  EXPECT_EQ(receiver_.head->code, 429);
  EXPECT_EQ(receiver_.head->content_type, "application/json");
  EXPECT_EQ(receiver_.head->retry_after, std::chrono::seconds(7));
  EXPECT_EQ(receiver_.head->server, server_.url());
  EXPECT_EQ(receiver_.body, "body");
  Settle();
  EXPECT_EQ(receiver_.ends, 1);
}

TEST_F(OneServer, SeesWhoAsksAndForWhat) {
  const auto exchange = Get("/api/v1/services?labelSelector=%21a&limit=500", receiver_);
  RunToEnd(receiver_);
  ASSERT_EQ(server_.requests().size(), 1U);
  const std::string& request = server_.requests().front();
  EXPECT_THAT(request, HasSubstr("GET /api/v1/services?labelSelector=%21a&limit=500 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("User-Agent: fairleadd/test\r\n"));
  EXPECT_THAT(request, HasSubstr("Accept: application/json\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Accept-Encoding"))) << "what is unpacked has no bound";
  EXPECT_THAT(request, Not(HasSubstr("Authorization")));
}

TEST_F(OneServer, TakesABodyByEveryVerb) {
  const std::pair<Verb, const char*> verbs[] = {
      {Verb::kPost, "POST /a "}, {Verb::kPut, "PUT /a "}, {Verb::kPatch, "PATCH /a "}};
  for (const auto& [verb, line] : verbs) {
    RecordingReceiver receiver;
    const auto exchange = transport_->Send({.verb = verb,
                                            .target = "/a",
                                            .content_type = "application/merge-patch+json",
                                            .body = "{\"a\":1}"},
                                           receiver);
    RunToEnd(receiver);
    const std::string& request = server_.requests().back();
    EXPECT_THAT(request, ::testing::StartsWith(line));
    EXPECT_THAT(request, HasSubstr("Content-Type: application/merge-patch+json\r\n"));
    EXPECT_THAT(request, ::testing::EndsWith("\r\n\r\n{\"a\":1}"));
  }
  EXPECT_EQ(server_.accepted(), 1) << "a connection is used again";
}

TEST_F(OneServer, IsHeardAsItSpeaks) {
  ScriptedServer::Connection* connection = nullptr;
  answer_ = [&connection](auto& from, const std::string&) {
    connection = &from;
    from.Write(ChunkedHead());
  };
  const auto exchange = Get("/watch", receiver_);
  RunUntil([this] { return receiver_.head.has_value(); });
  for (const char* part : {"{\"a\":", "1}\n{", "}\n"}) {
    connection->Write(Chunk(part));
    const size_t size = receiver_.body.size() + std::strlen(part);
    RunUntil([this, size] { return receiver_.body.size() == size; });
  }
  EXPECT_FALSE(receiver_.ended());
  connection->Write(Chunk(""));
  RunToEnd(receiver_);
  EXPECT_TRUE(receiver_.end.ok());
  EXPECT_EQ(receiver_.body, "{\"a\":1}\n{}\n");
}

TEST_F(OneServer, ThatCutsAnAnswerOffIsUnavailable) {
  answer_ = [](auto& connection, const std::string&) {
    connection.Write(ChunkedHead() + Chunk("{\"a\":") + "5\r\n1");
    connection.Close();
  };
  const auto exchange = Get("/watch", receiver_);
  RunToEnd(receiver_);
  EXPECT_EQ(receiver_.body, "{\"a\":1");
  EXPECT_TRUE(absl::IsUnavailable(receiver_.end)) << receiver_.end;
  EXPECT_THAT(receiver_.end.message(), HasSubstr(server_.url()));
}

TEST_F(OneServer, ThatSaysNothingIsUnavailable) {
  answer_ = [](auto& connection, const std::string&) { connection.Close(); };
  const auto exchange = Get("/a", receiver_);
  RunToEnd(receiver_);
  EXPECT_FALSE(receiver_.head);
  EXPECT_TRUE(absl::IsUnavailable(receiver_.end)) << receiver_.end;
}

TEST_F(OneServer, ThatIsNotThereIsUnavailable) {
  server_.StopListening();
  const auto exchange = Get("/a", receiver_);
  RunToEnd(receiver_);
  EXPECT_TRUE(absl::IsUnavailable(receiver_.end)) << receiver_.end;
  EXPECT_THAT(receiver_.end.message(), HasSubstr(server_.url() + ": not reached"));
}

TEST_F(OneServer, ThatIsBackAnswersTheNextRequest) {
  server_.StopListening();
  auto exchange = Get("/a", receiver_);
  RunToEnd(receiver_);
  server_.Listen();
  RecordingReceiver again;
  exchange = Get("/a", again);
  RunToEnd(again);
  EXPECT_TRUE(again.end.ok()) << again.end;
}

TEST_F(OneServer, ThatIsQuietBeforeOrAmidAnAnswerIsLeft) {
  for (const bool begins : {false, true}) {
    answer_ = [begins](auto& connection, const std::string&) {
      if (begins) connection.Write(ChunkedHead() + Chunk("{}"));
    };
    RecordingReceiver receiver;
    const auto exchange = Get("/a", receiver, std::chrono::milliseconds(300));
    RunToEnd(receiver);
    EXPECT_EQ(receiver.head.has_value(), begins);
    EXPECT_TRUE(absl::IsDeadlineExceeded(receiver.end)) << receiver.end;
    EXPECT_THAT(receiver.end.message(), HasSubstr("says nothing for 0.3 s"));
  }
}

TEST_F(OneServer, ThatGoesOnSpeakingIsNotQuiet) {
  ScriptedServer::Connection* connection = nullptr;
  answer_ = [&connection](auto& from, const std::string&) {
    connection = &from;
    from.Write(ChunkedHead());
  };
  // Whatever a busy machine makes of it: as many bytes as it takes to outlast the limit twice.
  constexpr std::chrono::milliseconds kLimit{2000};
  const auto begun = clock_->Now();
  const auto exchange = Get("/a", receiver_, kLimit);
  RunUntil([&connection] { return connection != nullptr; });
  while (clock_->Now() - begun < 2 * kLimit) {
    connection->Write(Chunk(" "));
    const size_t size = receiver_.body.size();
    RunUntil([this, size] { return receiver_.body.size() > size || receiver_.ended(); });
    if (receiver_.ended()) break;
    std::unique_ptr<Alarm> pause;
    bool rung = false;
    pause = clock_->After(std::chrono::milliseconds(50), [&rung] { rung = true; });
    RunUntil([&rung] { return rung; });
  }
  EXPECT_FALSE(receiver_.ended()) << receiver_.end;
}

TEST_F(OneServer, RedirectsNobody) {
  answer_ = [this](auto& connection, const std::string&) {
    connection.Write(AnswerCode(302, "Location: " + server_.url() + "/elsewhere\r\n"));
  };
  const auto exchange = Get("/a", receiver_);
  RunToEnd(receiver_);
  EXPECT_EQ(receiver_.head->code, 302);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(OneServer, MaySendAFewHeadersAndNotMany) {
  answer_ = [](auto& connection, const std::string&) {
    connection.Write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 100; ++i) connection.Write("X-Long: " + std::string(1000, 'x') + "\r\n");
    connection.Write("Content-Length: 0\r\n\r\n");
  };
  const auto exchange = Get("/a", receiver_);
  RunToEnd(receiver_);
  EXPECT_FALSE(receiver_.head);
  EXPECT_TRUE(absl::IsUnavailable(receiver_.end)) << receiver_.end;
}

TEST_F(OneServer, MayWarnBeforeItAnswers) {
  answer_ = [](auto& connection, const std::string&) {
    connection.Write("HTTP/1.1 103 Early Hints\r\nRetry-After: 5\r\n\r\n" + Answer200("{}"));
  };
  const auto exchange = Get("/a", receiver_);
  RunToEnd(receiver_);
  EXPECT_EQ(receiver_.head->code, 200);
  EXPECT_FALSE(receiver_.head->retry_after);
}

TEST_F(OneServer, CannotBeAskedForWhatIsNoPath) {
  for (const char* target : {"", "a", "/a b", "/a\r\nX: y", "/a#b"}) {
    RecordingReceiver receiver;
    const auto exchange = Get(target, receiver);
    RunToEnd(receiver);
    EXPECT_TRUE(absl::IsInvalidArgument(receiver.end)) << target << receiver.end;
  }
  EXPECT_EQ(server_.accepted(), 0);
}

TEST_F(OneServer, IsAskedManyThingsAtOnce) {
  std::list<RecordingReceiver> receivers(20);
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (RecordingReceiver& receiver : receivers) exchanges.push_back(Get("/a", receiver));
  for (RecordingReceiver& receiver : receivers) {
    RunToEnd(receiver);
    EXPECT_TRUE(receiver.end.ok()) << receiver.end;
  }
}

// Where a request may be given up: before it is sent, and in each call of its receiver.
class ACancelledRequest : public OneServer {};

TEST_F(ACancelledRequest, IsNotHeardOfAgain) {
  const char* const moments[] = {"at once", "Begin", "Receive", "End"};
  for (const std::string moment : moments) {
    SCOPED_TRACE(moment);
    RecordingReceiver receiver;
    answer_ = [](auto& connection, const std::string&) {
      connection.Write(ChunkedHead() + Chunk("a"));
      connection.Write(Chunk("b") + Chunk(""));
    };
    std::unique_ptr<Exchange> exchange = Get("/a", receiver);
    bool cancelled = false;
    size_t heard = 0;
    const auto cancel = [&] {
      exchange.reset();
      cancelled = true;
      heard = receiver.body.size() + static_cast<size_t>(receiver.ends);
    };
    if (moment == "at once") cancel();
    if (moment == "Begin") receiver.on_begin = cancel;
    if (moment == "Receive")
      receiver.on_receive = [&] {
        if (!cancelled) cancel();
      };
    if (moment == "End") receiver.on_end = cancel;
    RunUntil([&cancelled] { return cancelled; });
    Settle();
    EXPECT_EQ(receiver.body.size() + static_cast<size_t>(receiver.ends), heard);

    answer_ = [](auto& connection, const std::string&) { connection.Write(Answer200("{}")); };
    RecordingReceiver next;
    exchange = Get("/a", next);
    RunToEnd(next);
    EXPECT_TRUE(next.end.ok()) << "others go on: " << next.end;
  }
}

TEST_F(ACancelledRequest, MayBeAnotherOnesAndANewOneMayBeSent) {
  answer_ = [](auto& connection, const std::string& request) {
    if (request.find("/other") == std::string::npos) connection.Write(Answer200("{}"));
  };
  RecordingReceiver other, next;
  std::unique_ptr<Exchange> others = Get("/other", other);
  std::unique_ptr<Exchange> nexts;
  const auto exchange = Get("/a", receiver_);
  receiver_.on_begin = [&] {
    others.reset();
    nexts = Get("/a", next);
  };
  RunToEnd(next);
  EXPECT_TRUE(receiver_.end.ok());
  EXPECT_TRUE(next.end.ok());
  EXPECT_FALSE(other.ended());
}

TEST_F(OneServer, ThatIsSilentIsAskedWhetherItLivesAndNotLeftIfItDoes) {
  HttpSettings settings = QuickSettings();
  settings.probe_after = std::chrono::milliseconds(20);
  Open({.servers = {{.url = server_.url()}}}, settings);
  int asked = 0;
  answer_ = [&asked](auto& connection, const std::string& request) {
    const bool is_probe = request.starts_with("GET /version ");
    asked += is_probe ? 1 : 0;
    connection.Write(is_probe ? AnswerCode(403) : ChunkedHead());
  };
  const auto exchange = Get("/watch", receiver_);
  RunUntil([&asked] { return asked == 5; });
  EXPECT_FALSE(receiver_.ended());
}

TEST_F(OneServer, DisconnectEndsWhatIsUnderWay) {
  answer_ = [](auto& connection, const std::string&) { connection.Write(ChunkedHead()); };
  const auto exchange = Get("/watch", receiver_);
  RunUntil([this] { return receiver_.head.has_value(); });
  transport_->Disconnect("nobody is there");
  EXPECT_TRUE(absl::IsUnavailable(receiver_.end));
  EXPECT_EQ(receiver_.end.message(), "nobody is there");
  RunUntil([this] { return !server_.connections().front().open(); });
  answer_ = [](auto& connection, const std::string&) { connection.Write(Answer200("{}")); };
  RecordingReceiver next;
  const auto again = Get("/a", next);
  RunToEnd(next);
  EXPECT_TRUE(next.end.ok());
  EXPECT_EQ(server_.accepted(), 2);
}

}  // namespace
}  // namespace fairlead::api
