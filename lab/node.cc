// SPDX-License-Identifier: Apache-2.0
//
// See node.h.
#include "lab/node.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "lab/files.h"
#include "lab/network_namespace.h"
#include "lab/other_network.h"
#include "lab/topology.h"

namespace fairlead::lab {
namespace {

// More than the plugin itself waits for its turn.
constexpr auto kCniTimeout = std::chrono::seconds(180);

bool Accepts(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  const UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

// Where there is no CNI socket: what kubelet asks.
bool AnswersProbes(const std::string& network_namespace) {
  constexpr uint16_t kHealthzPort = 10256;
  bool answers = false;
  InNamespace(network_namespace, [&answers] {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kHealthzPort);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    answers =
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    return absl::OkStatus();
  }).IgnoreError();
  return answers;
}

}  // namespace

Node::Node(const LabFolder& folder, int number, const LabRecord& lab, std::string program_folder)
    : folder_(folder),
      number_(number),
      fabric_(lab.fabric),
      daemon_flags_(lab.daemon_flags),
      name_(NodeName(number)),
      program_folder_(std::move(program_folder)) {}

std::string Node::network_namespace() const { return NamespaceName(folder_.lab(), name_); }
std::string Node::ipv4() const { return NodeIpv4(fabric_, number_); }
std::string Node::ipv6() const { return NodeIpv6(fabric_, number_); }

std::vector<std::string> Node::DaemonArgv() const {
  std::vector<std::string> argv = {program_folder_ + "/fairleadd",
                                   "--node-name",
                                   name_,
                                   "--state-dir",
                                   state_dir(),
                                   "--run-dir",
                                   run_dir(),
                                   "--bpffs",
                                   bpffs(),
                                   "--devices",
                                   "eth0",
                                   "--routing",
                                   fabric_.routing};
  // Who names an API server has it mirror the folder (tests/apiserver/mirror.h).
  const auto is_source = [](const std::string& flag) { return flag.starts_with("--kubeconfig"); };
  if (std::ranges::none_of(daemon_flags_, is_source)) {
    argv.insert(argv.end(), {"--manifests", folder_.manifests()});
  }
  // Small tables, because a machine carries many nodes; unless somebody asks for more.
  const auto is_size = [](const std::string& flag) { return flag.starts_with("--max-flows"); };
  if (std::ranges::none_of(daemon_flags_, is_size)) argv.emplace_back("--max-flows=16384");
  if (fabric_.is_other_network()) argv.insert(argv.end(), {"--mode", "proxy"});
  argv.insert(argv.end(), daemon_flags_.begin(), daemon_flags_.end());
  return argv;
}

absl::Status Node::MakeFolders() const {
  for (const std::string& path : {state_dir(), run_dir(), bpffs()}) {
    FL_RETURN_IF_ERROR(MakeDirectories(path));
  }
  return absl::OkStatus();
}

absl::Status Node::LaunchDaemon() const {
  auto process =
      Spawn({.argv = DaemonArgv(), .network_namespace = network_namespace()}, log_file());
  if (!process.ok()) {
    return absl::InternalError(fmt::format("start fairleadd of {}: {}\n{}", name_,
                                           std::string(process.status().message()),
                                           Tail(log_file(), 20)));
  }
  return folder_.RecordProcess(name_, *process);
}

absl::Status Node::AwaitDaemon(Duration timeout) const {
  const auto accepts = [&] {
    return fabric_.is_other_network() ? AnswersProbes(network_namespace()) : Accepts(socket());
  };
  const bool settled = WaitUntil([&] { return accepts() || !DaemonRuns(); }, timeout);
  if (Interrupted()) return absl::CancelledError("interrupted");
  if (settled && accepts()) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("fairleadd of {} {}; the end of {}:\n{}", name_,
                                            DaemonRuns() ? "is not ready in time" : "has ended",
                                            log_file(), Tail(log_file(), 20)));
}

absl::Status Node::StopDaemon(int signal, Duration timeout) const {
  FL_ASSIGN_OR_RETURN(const ProcessId process, folder_.RecordedProcess(name_));
  return Stop(process, signal, timeout);
}

bool Node::DaemonRuns() const {
  const auto process = folder_.RecordedProcess(name_);
  return process.ok() && IsRunning(*process);
}

absl::StatusOr<std::string> Node::CallCni(const std::string& command,
                                          const std::string& pod_namespace, const std::string& pod,
                                          const std::string& pod_network_namespace,
                                          const Object& port_mappings) const {
  Object configuration = {{"cniVersion", "1.1.0"},
                          {"name", "fairlead"},
                          {"type", "fairlead-cni"},
                          {"socket", socket()}};
  std::string plugin = program_folder_ + "/fairlead-cni";
  if (fabric_.is_other_network()) {
    plugin = OtherPlugin(fabric_);
    configuration = OtherConfiguration(fabric_, number_, state_dir() + "/addresses");
  } else if (!port_mappings.empty()) {
    configuration["runtimeConfig"]["portMappings"] = port_mappings;
  }
  const Command call = {
      .argv = {plugin},
      .network_namespace = network_namespace(),
      .env = {{"CNI_COMMAND", command},
              {"CNI_CONTAINERID", pod_network_namespace},
              {"CNI_NETNS", NamespacePath(pod_network_namespace)},
              {"CNI_IFNAME", "eth0"},
              {"CNI_PATH", plugin.substr(0, plugin.rfind('/'))},
              {"CNI_ARGS", fmt::format("IgnoreUnknown=1;K8S_POD_NAMESPACE={};K8S_POD_NAME={}",
                                       pod_namespace, pod)}},
      .input = configuration.dump()};
  FL_ASSIGN_OR_RETURN(const Finished finished, Run(call, kCniTimeout));
  if (finished.exit_code == 0) return finished.out;
  return absl::InternalError(fmt::format("{} {} for pod {} on {}: {}{}", plugin, command, pod,
                                         name_, finished.out, finished.err));
}

}  // namespace fairlead::lab
