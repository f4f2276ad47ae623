// SPDX-License-Identifier: Apache-2.0
//
// For tests: a container runtime on a scratch node. It calls the real
// fairlead-cni, which talks to the real server, attacher and kernel; only the
// dataplane is a recorder.
//
//   test ──env, stdin──▶ fairlead-cni ──socket──▶ CniServer (a thread)
#ifndef FAIRLEAD_CNI_TEST_RUNTIME_H_
#define FAIRLEAD_CNI_TEST_RUNTIME_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "loader/netlink/links.h"
#include "loader/netlink/scratch_netns.h"
#include "loader/pods/cni_server.h"
#include "loader/pods/cni_socket.h"
#include "loader/pods/recording_dataplane.h"

namespace fairlead::testing {

using nlohmann::json;

struct Outcome {
  int exit_code = -1;
  std::string text;

  json object() const { return json::parse(text, nullptr, false); }
};

// Runs fairlead-cni with exactly this environment and standard input.
inline Outcome RunCni(const std::map<std::string, std::string>& environment,
                      const std::string& input) {
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

  // The configuration of the network, with members added or replaced.
  std::string Configuration(const json& members = json::object()) const {
    json configuration = {{"cniVersion", "1.1.0"}, {"name", "fairlead"}, {"socket", socket_}};
    configuration.update(members);
    return configuration.dump();
  }
  Outcome Call(const std::string& command, const std::string& name, const std::string& netns = "",
               const json& members = json::object()) {
    return RunCni({{"CNI_COMMAND", command},
                   {"CNI_CONTAINERID", "container-" + name},
                   {"CNI_NETNS", netns},
                   {"CNI_IFNAME", "eth0"},
                   {"CNI_ARGS", "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=" + name}},
                  Configuration(members));
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

}  // namespace fairlead::testing

#endif  // FAIRLEAD_CNI_TEST_RUNTIME_H_
