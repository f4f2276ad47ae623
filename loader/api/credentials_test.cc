// SPDX-License-Identifier: Apache-2.0
//
// Credentials from files and from plugins, which are real programs here.
#include "loader/api/credentials.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "loader/api/exec_credentials.h"
#include "loader/api/shifted_clock.h"
#include "loader/api/user_credentials.h"
#include "loader/netlink/scratch_netns.h"

namespace fairlead::api {
namespace {

using fairlead::testing::Must;
using fairlead::testing::MustOk;
using fairlead::testing::ScratchDirectory;
using ::testing::HasSubstr;
using ::testing::Not;

class FilesOfAUser : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    MustOk(ReplaceFile(directory_.path() + "/" + name, text));
    return directory_.path() + "/" + name;
  }
  static std::string AuthorizationOf(CredentialSource& source) {
    return Must(*source.Get()).authorization;
  }

  ScratchDirectory directory_;
  ShiftedClock clock_;
};

TEST_F(FilesOfAUser, AreReadAgainAfterAMinuteAndAfterARefusal) {
  const std::string token = Write("token", "one\n");
  const auto source = Must(MakeCredentials({.token = {.file = token}}, clock_));
  EXPECT_EQ(AuthorizationOf(*source), "Bearer one");
  Write("token", "two");
  EXPECT_EQ(AuthorizationOf(*source), "Bearer one") << "not for each request";
  clock_.Jump(std::chrono::seconds(61));
  EXPECT_EQ(AuthorizationOf(*source), "Bearer two");
  Write("token", "three");
  source->Refuse(Must(*source->Get()).generation);
  EXPECT_EQ(AuthorizationOf(*source), "Bearer three");
}

TEST_F(FilesOfAUser, AreNotReadForTheRefusalOfWhatWasThereBefore) {
  const std::string token = Write("token", "one");
  const auto source = Must(MakeCredentials({.token = {.file = token}}, clock_));
  const uint64_t old = Must(*source->Get()).generation;
  Write("token", "two");
  source->Refuse(old);
  EXPECT_EQ(AuthorizationOf(*source), "Bearer two");
  Write("token", "three");
  source->Refuse(old);
  EXPECT_EQ(AuthorizationOf(*source), "Bearer two");
}

TEST_F(FilesOfAUser, MayBeAwayForAWhileOnceTheyWereThere) {
  const std::string token = Write("token", "one");
  const auto source = Must(MakeCredentials({.token = {.file = token}}, clock_));
  std::filesystem::remove(token);
  clock_.Jump(std::chrono::hours(1));
  EXPECT_EQ(AuthorizationOf(*source), "Bearer one");
}

TEST_F(FilesOfAUser, KeepTheirTextWhileSomebodyWritesThemAnew) {
  const std::string token = Write("token", "one");
  const auto source = Must(MakeCredentials({.token = {.file = token}}, clock_));
  Write("token", "");
  clock_.Jump(std::chrono::hours(1));
  EXPECT_EQ(AuthorizationOf(*source), "Bearer one");
}

TEST_F(FilesOfAUser, AreMissedByName) {
  const auto source = MakeCredentials({.token = {.file = "/nowhere/token"}}, clock_);
  EXPECT_THAT(source.status().message(), HasSubstr("/nowhere/token"));
  const auto fallback = MakeCredentials({.token = {.file = "/nowhere/token", .text = "t"}}, clock_);
  EXPECT_EQ(AuthorizationOf(**fallback), "Bearer t");
}

TEST_F(FilesOfAUser, CannotAddAHeader) {
  const std::string token = Write("token", "one\r\nX-Other: two");
  const auto source = MakeCredentials({.token = {.file = token}}, clock_);
  EXPECT_THAT(source.status().message(), HasSubstr("more than a token"));
  EXPECT_THAT(MakeCredentials({.token = {.file = Write("token", "\n")}}, clock_).status().message(),
              HasSubstr("is empty"));
}

TEST_F(FilesOfAUser, MayBeNames) {
  const auto source = Must(MakeCredentials({.username = "user", .password = "pass"}, clock_));
  EXPECT_EQ(AuthorizationOf(*source), "Basic dXNlcjpwYXNz");
  EXPECT_EQ(AuthorizationOf(*Must(MakeCredentials({}, clock_))), "");
}

TEST_F(FilesOfAUser, HoldCertificatesThatRotate) {
  const std::string certificate = Write("crt", "C1");
  const std::string key = Write("key", "K1");
  const auto source =
      Must(MakeCredentials({.certificate = {.file = certificate}, .key = {.file = key}}, clock_));
  EXPECT_EQ(Must(*source->Get()).certificate, "C1");
  Write("crt", "C2");
  Write("key", "K2");
  clock_.Jump(std::chrono::minutes(2));
  EXPECT_EQ(Must(*source->Get()).certificate + Must(*source->Get()).key, "C2K2");
}

constexpr char kVersion[] = "client.authentication.k8s.io/v1";

std::string Printed(const std::string& status) {
  return fmt::format(R"({{"kind":"ExecCredential","apiVersion":"{}","status":{}}})", kVersion,
                     status);
}

class APlugin : public FilesOfAUser {
 protected:
  // A script that runs `body` and can count its runs.
  ExecPlugin Script(const std::string& body) {
    ExecPlugin plugin;
    plugin.command =
        Write("plugin", fmt::format("#!/bin/sh\necho >> {0}/runs\n{1}\n", directory_.path(), body));
    chmod(plugin.command.c_str(), 0700);
    plugin.api_version = kVersion;
    return plugin;
  }
  ExecPlugin Prints(const std::string& text) { return Script("cat <<'END'\n" + text + "\nEND"); }
  int Runs() {
    const auto runs = ReadWholeFile(directory_.path() + "/runs");
    return runs.ok() ? static_cast<int>(runs->size()) : 0;
  }
  // Turns the loop until the source has an answer.
  absl::StatusOr<Credentials> Get(ExecCredentials& source) {
    bool ready = true;
    source.OnReady([&ready] { ready = true; });
    while (true) {
      if (ready) {
        ready = false;
        if (auto credentials = source.Get()) return *credentials;
      }
      pollfd fds[] = {{source.fd(), POLLIN, 0}, {clock_.fd(), POLLIN, 0}};
      if (poll(fds, 2, 60'000) == 0) return absl::DeadlineExceededError("the test waits in vain");
      if (fds[0].revents != 0) source.ReadReady();
      if (fds[1].revents != 0) clock_.ReadReady();
    }
  }
  absl::StatusOr<Credentials> GetOnce(const ExecPlugin& plugin) {
    ExecCredentials source(plugin, clock_);
    return Get(source);
  }
};

TEST_F(APlugin, PrintsAToken) {
  EXPECT_EQ(Must(GetOnce(Prints(Printed(R"({"token":"abc"})")))).authorization, "Bearer abc");
}

TEST_F(APlugin, PrintsACertificate) {
  const Credentials credentials =
      Must(GetOnce(Prints(Printed(R"({"clientCertificateData":"C","clientKeyData":"K"})"))));
  EXPECT_EQ(credentials.certificate + credentials.key + credentials.authorization, "CK");
}

TEST_F(APlugin, SeesItsArgumentsItsEnvironmentAndNoShell) {
  ExecPlugin plugin = Script(
      "printf '%s' \"$1\" > $(dirname $0)/argument\n"
      "printf '%s' \"$VARIABLE\" > $(dirname $0)/variable\n"
      "printf '%s' \"$KUBERNETES_EXEC_INFO\" > $(dirname $0)/told\n"
      "echo '" +
      Printed(R"({"token":"t"})") + "'");
  plugin.arguments = {"$(id); \"`x`"};
  plugin.environment = {{"VARIABLE", "a b"}};
  plugin.cluster_json = R"({"server":"https://a"})";
  Must(GetOnce(plugin));
  EXPECT_EQ(Must(ReadWholeFile(directory_.path() + "/argument")), plugin.arguments[0]);
  EXPECT_EQ(Must(ReadWholeFile(directory_.path() + "/variable")), "a b");
  EXPECT_EQ(nlohmann::json::parse(Must(ReadWholeFile(directory_.path() + "/told"))),
            nlohmann::json::parse(
                R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",
                    "spec":{"interactive":false,"cluster":{"server":"https://a"}}})"));
}

TEST_F(APlugin, InheritsNoDescriptorAndNoInput) {
  const auto credentials = GetOnce(Script(
      "test $(ls /proc/$$/fd | wc -l) -le 5 || exit 3\n"  // three, and the shell's own script
      "test -z \"$(cat)\" || exit 4\n"
      "echo '" +
      Printed(R"({"token":"t"})") + "'"));
  EXPECT_TRUE(credentials.ok()) << credentials.status();
}

TEST_F(APlugin, RunsOnceForWhatStaysValid) {
  ExecCredentials source(
      Prints(Printed(R"({"token":"t","expirationTimestamp":"2999-01-01T00:00:00Z"})")), clock_);
  for (int i = 0; i < 3; ++i) {
    Must(Get(source));
    clock_.Jump(std::chrono::hours(24));
  }
  EXPECT_EQ(Runs(), 1);
}

TEST_F(APlugin, RunsAgainForWhatHasExpiredOrIsRefusedButNotAllTheTime) {
  ExecCredentials expired(
      Prints(Printed(R"({"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"})")), clock_);
  Must(Get(expired));
  Must(Get(expired));
  EXPECT_EQ(Runs(), 1) << "within the pause what is there has to do";
  clock_.Jump(kPluginPause);
  Must(Get(expired));
  EXPECT_EQ(Runs(), 2);

  ExecCredentials refused(Prints(Printed(R"({"token":"t"})")), clock_);
  refused.Refuse(Must(Get(refused)).generation);
  clock_.Jump(kPluginPause);
  Must(Get(refused));
  EXPECT_EQ(Runs(), 4);
  refused.Refuse(1);
  clock_.Jump(kPluginPause);
  Must(Get(refused));
  EXPECT_EQ(Runs(), 4) << "what was refused has been replaced since";
}

TEST_F(APlugin, ThatFailedIsAskedAgainLater) {
  ExecCredentials source(
      Script("test -e $(dirname $0)/works || exit 9\necho '" + Printed(R"({"token":"t"})") + "'"),
      clock_);
  EXPECT_FALSE(Get(source).ok());
  EXPECT_FALSE(Get(source).ok());
  EXPECT_EQ(Runs(), 1);
  Write("works", "");
  clock_.Jump(kPluginPause);
  EXPECT_TRUE(Get(source).ok());
}

TEST_F(APlugin, ThatIsNotThereComesWithItsHint) {
  ExecPlugin plugin;
  plugin.command = directory_.path() + "/none";
  plugin.install_hint = "see https://example.com\n";
  const auto credentials = GetOnce(plugin);
  EXPECT_TRUE(absl::IsUnauthenticated(credentials.status()));
  EXPECT_THAT(credentials.status().message(), HasSubstr(plugin.command));
  EXPECT_THAT(credentials.status().message(), HasSubstr("see https://example.com"));
}

TEST_F(APlugin, ThatLeavesAChildBehindHasEnded) {
  EXPECT_TRUE(GetOnce(Script("sleep 100 &\necho '" + Printed(R"({"token":"t"})") + "'")).ok());
}

struct Mistake {
  const char* name;
  std::string script;
  const char* says;
};
std::ostream& operator<<(std::ostream& os, const Mistake& mistake) { return os << mistake.name; }

class AWrongPlugin : public APlugin, public ::testing::WithParamInterface<Mistake> {};

TEST_P(AWrongPlugin, IsNamedWithWhatIsWrong) {
  const ExecPlugin plugin = Script(GetParam().script);
  const auto credentials = GetOnce(plugin);
  EXPECT_TRUE(absl::IsUnauthenticated(credentials.status()));
  EXPECT_THAT(credentials.status().message(), HasSubstr(plugin.command));
  EXPECT_THAT(credentials.status().message(), HasSubstr(GetParam().says));
  EXPECT_THAT(credentials.status().message(), Not(HasSubstr("s3cret")));
}

std::string Echo(const std::string& text) { return "echo '" + text + "'"; }

INSTANTIATE_TEST_SUITE_P(
    Each, AWrongPlugin,
    ::testing::Values(
        Mistake{"Fails", "echo not logged in >&2; exit 7", "exit code 7, and says: not logged in"},
        Mistake{"IsKilled", "kill -9 $$", "signal 9"},
        Mistake{"SaysNothing", "exit 0", "prints nothing"},
        Mistake{"PrintsNoJson", "echo hello", "no JSON"},
        Mistake{"PrintsTooMuch", "yes s3cret", "more than 1048576 bytes"},
        Mistake{"PrintsAnotherKind", Echo(R"({"kind":"Pod"})"), "kind: must be ExecCredential"},
        Mistake{
            "IsOfAnotherVersion",
            Echo(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1",
                         "status":{"token":"s3cret"}})"),
            "apiVersion: must be client.authentication.k8s.io/v1"},
        Mistake{"HasNoStatus",
                Echo(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})"),
                "status: is missing"},
        Mistake{"HasNothing", Echo(Printed("{}")), "neither a token"},
        Mistake{"HasHalfACertificate", Echo(Printed(R"({"clientCertificateData":"s3cret"})")),
                "needs both"},
        Mistake{"HasATokenOfTwoLines",
                "cat <<'END'\n" + Printed(R"({"token":"s3cret\n"})") + "\nEND",
                "status.token: holds more"},
        Mistake{"ExpiresAtNoTime",
                Echo(Printed(R"({"token":"s3cret","expirationTimestamp":"soon"})")),
                "expirationTimestamp: must be a time"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(APlugin, ThatDoesNotEndIsEnded) {
  PluginCommand command{.program = Script("sleep 1000 & sleep 1000").command};
  command.time_limit = std::chrono::milliseconds(50);
  absl::Status status;
  bool ended = false;
  const auto run =
      Must(PluginRun::Start(command, clock_, [&](const absl::StatusOr<std::string>& out) {
        status = out.status();
        ended = true;
      }));
  while (!ended) {
    pollfd fds[] = {{run->fd(), POLLIN, 0}, {clock_.fd(), POLLIN, 0}};
    ASSERT_GT(poll(fds, 2, 60'000), 0);
    if (fds[1].revents != 0) clock_.ReadReady();
    if (fds[0].revents != 0) run->ReadReady();
  }
  EXPECT_THAT(status.message(), HasSubstr("not ended after 0.05 s"));
}

}  // namespace
}  // namespace fairlead::api
