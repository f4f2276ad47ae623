// SPDX-License-Identifier: Apache-2.0
//
// The daemon's socket against everybody but fairlead-cni: who is let in, and
// that nobody can harm or block the others.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "cni/daemon_client.h"
#include "cni/test_runtime.h"

namespace fairlead::testing {
namespace {

using ::testing::IsEmpty;

TEST_F(Runtime, SocketIsForRootOnly) {
  struct stat status{};
  ASSERT_EQ(::stat(socket_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  ASSERT_EQ(::stat((directory_.path() + "/run").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
}

TEST_F(Runtime, ClientThatIsNotRootIsCutOffEvenIfTheModesWereOpened) {
  ASSERT_EQ(::chmod(socket_.c_str(), 0666), 0);
  ASSERT_EQ(::chmod((directory_.path() + "/run").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  const sockaddr_un address = Must(UnixAddress(socket_));
  const std::string request = EncodeRequest({});
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // only system calls from here: the parent has threads
    if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(90);
    const int client = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
    const void* raw = &address;
    if (::connect(client, static_cast<const sockaddr*>(raw), sizeof(address)) != 0) ::_exit(91);
    ::send(client, request.data(), request.size(), MSG_NOSIGNAL);
    char byte = 0;
    ::_exit(::recv(client, &byte, 1, 0) <= 0 ? 0 : 92);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Runtime, SilentClientsDoNotKeepOthersFromBeingServed) {
  StopDaemon();
  StartDaemon(std::chrono::milliseconds(50));
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(Connect());
  EXPECT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
}

TEST_F(Runtime, GarbageAndOversizedMessagesAndExtraDescriptorsHarmNobody) {
  for (const std::string& text : {std::string("{"), std::string(kLongestCniMessage + 1, 'x'),
                                  std::string("\0\0", 2), std::string(R"({"command":"ADD"})")}) {
    const UniqueFd client = Connect();
    MustOk(SendMessage(client.get(), text, stop_.get()));
    const absl::StatusOr<SocketMessage> answer = ReceiveMessage(client.get());
    if (answer.ok()) {
      EXPECT_TRUE(Must(DecodeReply(answer->text)).error.has_value());
    }
  }
  EXPECT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
}

TEST_F(Runtime, AddWithoutANamespaceDescriptorIsRefused) {
  const CniReply reply = Must(AskDaemon(socket_,
                                        {.command = CniCommand::kAdd,
                                         .pod = {.container_id = "c",
                                                 .interface_name = "eth0",
                                                 .name_space = "",
                                                 .name = "",
                                                 .uid = ""}},
                                        -1));
  ASSERT_TRUE(reply.error.has_value());
  EXPECT_EQ(reply.error->code, CniCode::kInvalidEnvironment);
}

TEST_F(Runtime, AddOfAClientThatHasGivenUpIsNotCarriedOut) {
  StopDaemon();
  attacher_ = Must(PodAttacher::Create(directory_.path() + "/state", dataplane_));
  MustOk(attacher_->SetNode(blocks_, 1450));
  server_ = Must(CniServer::Create(socket_, *attacher_));
  {
    const UniqueFd client = Connect();
    const CniRequest add{.command = CniCommand::kAdd,
                         .pod = {.container_id = "c",
                                 .interface_name = "eth0",
                                 .name_space = "",
                                 .name = "",
                                 .uid = ""}};
    MustOk(SendMessage(client.get(), EncodeRequest(add), netns_.get()));
  }
  pollfd wait{.fd = server_->fd(), .events = POLLIN, .revents = 0};
  while (::poll(&wait, 1, 0) == 1) server_->ReadReady();
  EXPECT_THAT(attacher_->pods(), IsEmpty());
  EXPECT_EQ(Devices(), 0u);
}

}  // namespace
}  // namespace fairlead::testing
