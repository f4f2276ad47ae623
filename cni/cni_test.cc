// SPDX-License-Identifier: Apache-2.0
//
// The real fairlead-cni against the real server, attacher and kernel, in a
// namespace of its own; only the dataplane is a recorder.
//
//   test ──env, stdin──▶ fairlead-cni ──socket──▶ CniServer (a thread)
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cni/daemon_client.h"
#include "loader/netlink/links.h"
#include "loader/netlink/routes.h"
#include "loader/netlink/scratch_netns.h"
#include "loader/pods/cni_server.h"
#include "loader/pods/cni_socket.h"
#include "loader/pods/recording_dataplane.h"

namespace fairlead::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Outcome {
  int exit_code = -1;
  std::string text;

  json object() const { return json::parse(text, nullptr, false); }
};

// Runs fairlead-cni with exactly this environment and standard input.
Outcome RunCni(const std::map<std::string, std::string>& environment, const std::string& input) {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) std::abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  std::string program = FAIRLEAD_CNI_BINARY;
  std::array<char*, 2> argv = {program.data(), nullptr};
  pid_t child = -1;
  if (::posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), envp.data()) != 0) {
    std::abort();
  }
  posix_spawn_file_actions_destroy(&actions);
  ::close(to[0]);
  ::close(from[1]);
  if (::write(to[1], input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
    std::abort();
  }
  ::close(to[1]);
  Outcome outcome;
  std::array<char, 4096> chunk{};
  for (ssize_t got = 0; (got = ::read(from[0], chunk.data(), chunk.size())) > 0;) {
    outcome.text.append(chunk.data(), static_cast<size_t>(got));
  }
  ::close(from[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

class Runtime : public ::testing::Test {
 protected:
  Runtime() { StartDaemon(); }
  ~Runtime() override { StopDaemon(); }

  void StartDaemon(std::chrono::milliseconds patience = std::chrono::seconds(60)) {
    attacher_ = Must(PodAttacher::Create(directory_.path() + "/state", dataplane_));
    MustOk(attacher_->Restore().status());
    MustOk(attacher_->SetNode(blocks_, 1450));
    server_ = Must(CniServer::Create(socket_, *attacher_, patience));
    loop_ = std::thread([this] {
      std::array<pollfd, 2> wait = {pollfd{.fd = server_->fd(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
      while (::poll(wait.data(), wait.size(), -1) >= 0 && wait[1].revents == 0) {
        server_->ReadReady();
      }
    });
  }
  void StopDaemon() {
    if (!loop_.joinable()) return;
    uint64_t one = 1;
    if (::write(stop_.get(), &one, sizeof(one)) != sizeof(one)) std::abort();
    loop_.join();
    if (::read(stop_.get(), &one, sizeof(one)) != sizeof(one)) std::abort();
    server_.reset();
    attacher_.reset();
  }

  std::string Configuration() const {
    return json{{"cniVersion", "1.1.0"}, {"name", "fairlead"}, {"socket", socket_}}.dump();
  }
  Outcome Call(const std::string& command, const std::string& name, const std::string& netns = "") {
    return RunCni({{"CNI_COMMAND", command},
                   {"CNI_CONTAINERID", "container-" + name},
                   {"CNI_NETNS", netns},
                   {"CNI_IFNAME", "eth0"},
                   {"CNI_ARGS", "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=" + name}},
                  Configuration());
  }
  size_t Devices() {
    NetlinkSocket netlink = Must(NetlinkSocket::Open());
    return static_cast<size_t>(std::ranges::count(Must(ListLinks(netlink)), "veth", &Link::kind));
  }
  UniqueFd Connect() {
    const sockaddr_un address = Must(UnixAddress(socket_));
    UniqueFd client(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const void* raw = &address;
    if (::connect(client.get(), static_cast<const sockaddr*>(raw), sizeof(address)) != 0) {
      std::abort();
    }
    return client;
  }

  ScratchNetns node_;
  ScratchDirectory directory_;
  std::string socket_ = directory_.path() + "/run/cni.sock";
  std::vector<Cidr> blocks_ = {Must(Cidr::Parse("10.1.0.0/24")), Must(Cidr::Parse("fd00:1::/64"))};
  RecordingDataplane dataplane_;
  std::unique_ptr<PodAttacher> attacher_;
  std::unique_ptr<CniServer> server_;
  UniqueFd stop_{::eventfd(0, EFD_CLOEXEC)};
  std::thread loop_;
  UniqueFd netns_ = Must(MakeNetns());
};

TEST_F(Runtime, AddPrintsTheResultOfTheSpecification) {
  const Outcome added = Call("ADD", "web", PathOf(netns_));
  ASSERT_EQ(added.exit_code, 0) << added.text;
  const json result = added.object();
  const LocalPod pod = dataplane_.pods().at(0);
  EXPECT_EQ(pod.name_space, "shop");
  EXPECT_EQ(pod.name, "web");
  EXPECT_EQ(result.at("cniVersion"), "1.1.0");
  EXPECT_EQ(result.at("interfaces").at(0).at("name"), pod.host_device);
  EXPECT_EQ(result.at("interfaces").at(1).at("mac"), MacToString(pod.mac));
  EXPECT_EQ(result.at("interfaces").at(1).at("sandbox"), PathOf(netns_));
  EXPECT_EQ(result.at("ips").at(0).at("address"), pod.ip4->ToString() + "/32");
  EXPECT_EQ(result.at("ips").at(1).at("address"), pod.ip6->ToString() + "/128");
}

TEST_F(Runtime, DelRemovesThePodAndTwiceIsFine) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  for (int i = 0; i < 2; ++i) {
    const Outcome deleted = Call("DEL", "web");
    EXPECT_EQ(deleted.exit_code, 0) << deleted.text;
    EXPECT_EQ(deleted.text, "");
  }
  EXPECT_EQ(Devices(), 0u);
  EXPECT_THAT(dataplane_.pods(), IsEmpty());
}

TEST_F(Runtime, DelOfANamespaceThatIsGoneIsFine) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  const std::string path = PathOf(netns_);
  netns_.Reset();
  EXPECT_EQ(Call("DEL", "web", path).exit_code, 0);
  EXPECT_EQ(Call("DEL", "never-seen", path).exit_code, 0);
}

TEST_F(Runtime, SecondAddIsAnErrorObjectAndTheFirstStays) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  const Outcome again = Call("ADD", "web", PathOf(netns_));
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.object().at("code"), 100);
  EXPECT_EQ(Devices(), 1u);
}

TEST_F(Runtime, FailureInTheDataplaneIsAnErrorObjectAndLeavesNothing) {
  dataplane_.fail_add = true;
  const Outcome failed = Call("ADD", "web", PathOf(netns_));
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_EQ(failed.object().at("code"), 102);
  EXPECT_THAT(failed.object().at("details").get<std::string>(), HasSubstr("told to fail"));
  EXPECT_EQ(Devices(), 0u);
}

TEST_F(Runtime, FiftyAddsAtOnceGetFiftyDifferentAddresses) {
  constexpr size_t kPods = 50;
  std::vector<UniqueFd> namespaces;
  for (size_t i = 0; i < kPods; ++i) namespaces.push_back(Must(MakeNetns()));
  std::vector<Outcome> outcomes(kPods);
  std::vector<std::thread> callers;
  for (size_t i = 0; i < kPods; ++i) {
    callers.emplace_back(
        [&, i] { outcomes[i] = Call("ADD", fmt::format("p{}", i), PathOf(namespaces[i])); });
  }
  for (std::thread& caller : callers) caller.join();
  std::set<std::string> addresses;
  std::set<std::string> devices;
  for (const Outcome& outcome : outcomes) {
    ASSERT_EQ(outcome.exit_code, 0) << outcome.text;
    const json result = outcome.object();
    for (const json& ip : result.at("ips")) addresses.insert(ip.at("address"));
    devices.insert(result.at("interfaces").at(0).at("name"));
  }
  EXPECT_THAT(addresses, SizeIs(2 * kPods));
  EXPECT_THAT(devices, SizeIs(kPods));
  EXPECT_EQ(Devices(), kPods);
}

TEST_F(Runtime, RestartedDaemonKnowsItsPods) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  StopDaemon();
  StartDaemon();
  EXPECT_EQ(Call("ADD", "web", PathOf(netns_)).object().at("code"), 100);
  EXPECT_EQ(Call("DEL", "web").exit_code, 0);
  EXPECT_EQ(Devices(), 0u);
}

TEST_F(Runtime, UnreachableDaemonMeansTryAgainLater) {
  StopDaemon();
  for (const char* command : {"ADD", "DEL", "STATUS"}) {
    const Outcome refused = Call(command, "web", PathOf(netns_));
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_EQ(refused.object().at("code"), 11) << refused.text;
  }
}

TEST_F(Runtime, NodeWithoutPodBlockIsNotAvailable) {
  StopDaemon();
  blocks_.clear();
  StartDaemon();
  EXPECT_EQ(Call("STATUS", "").object().at("code"), 50);
  EXPECT_EQ(Call("ADD", "web", PathOf(netns_)).object().at("code"), 50);
  EXPECT_EQ(Call("DEL", "web").exit_code, 0);
}

TEST_F(Runtime, StatusOfAReadyNodeIsSilent) {
  const Outcome status = Call("STATUS", "");
  EXPECT_EQ(status.exit_code, 0) << status.text;
  EXPECT_EQ(status.text, "");
}

TEST_F(Runtime, NamespaceThatIsNoneIsRefused) {
  for (const std::string& path : {std::string("/nonexistent"), socket_, directory_.path(),
                                  std::string("/proc/self/ns/net"), std::string("/dev/null")}) {
    const Outcome refused = Call("ADD", "web", path);
    EXPECT_EQ(refused.exit_code, 1) << path;
    EXPECT_EQ(refused.object().at("code"), 4) << refused.text;
  }
  EXPECT_EQ(Devices(), 0u);
}

TEST_F(Runtime, VersionNeedsNoDaemon) {
  StopDaemon();
  const Outcome version = RunCni({{"CNI_COMMAND", "VERSION"}}, R"({"cniVersion": "1.0.0"})");
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.object(),
            json::parse(R"({"cniVersion": "1.0.0", "supportedVersions": ["1.0.0", "1.1.0"]})"));
}

TEST_F(Runtime, RefusalsAreErrorObjectsOnStandardOutput) {
  for (const auto& [environment, input, code] :
       std::vector<std::tuple<std::map<std::string, std::string>, std::string, int>>{
           {{}, "", 4},
           {{{"CNI_COMMAND", "FLY"}}, Configuration(), 4},
           {{{"CNI_COMMAND", "ADD"}}, Configuration(), 4},
           {{{"CNI_COMMAND", "STATUS"}}, "", 6},
           {{{"CNI_COMMAND", "STATUS"}}, "{", 6},
           {{{"CNI_COMMAND", "STATUS"}}, R"({"cniVersion": "7.0.0", "name": "n"})", 1}}) {
    const Outcome refused = RunCni(environment, input);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_EQ(refused.object().at("code"), code) << refused.text;
    EXPECT_EQ(refused.object().at("cniVersion"), "1.1.0");
  }
}

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
