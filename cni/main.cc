// SPDX-License-Identifier: Apache-2.0
//
// fairlead-cni — the binary a container runtime calls for each pod.
//
//   runtime ──env, stdin──▶ fairlead-cni ──request, netns fd──▶ fairleadd
//   runtime ◀───stdout───── fairlead-cni ◀──────reply────────── (does the work)
//
// It checks what it was told, opens the namespace with its caller's rights,
// asks the daemon, and prints the answer in the words of the CNI specification.
// Exit code 0, or 1 with an error object on standard output.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>

#include "base/unique_fd.h"
#include "cni/call.h"
#include "cni/daemon_client.h"
#include "cni/result.h"
#include "loader/pods/attachment_list.h"
#include "loader/pods/deferred_deletes.h"

namespace fairlead {
namespace {

constexpr char kHelp[] =
    R"(fairlead-cni {version}: the CNI plugin of fairlead (CNI 0.3.0 to 1.1.0).

It is not run by hand: a container runtime calls it with CNI_COMMAND and other
CNI_* variables in its environment and a network configuration on standard
input. To use it, put it into the runtime's plugin directory (/opt/cni/bin) and
this into /etc/cni/net.d/10-fairlead.conflist:

  {{
    "cniVersion": "1.0.0",
    "cniVersions": ["0.4.0", "1.0.0", "1.1.0"],
    "name": "fairlead",
    "plugins": [ {{
      "type": "fairlead-cni",
      "socket": "{socket}",
      "capabilities": {{ "portMappings": true, "ips": true, "mac": true }}
    }} ]
  }}

"socket" is where fairleadd listens; the value above is the default.
)";

std::string Help() {
  return fmt::format(kHelp, fmt::arg("version", FAIRLEAD_VERSION),
                     fmt::arg("socket", kDefaultCniSocket));
}

std::string ReadStandardInput() {
  std::string text;
  char chunk[16384];
  while (text.size() <= kLongestCniConfiguration) {
    const ssize_t got = ::read(STDIN_FILENO, chunk, sizeof(chunk));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(chunk, static_cast<size_t>(got));
  }
  return text;
}

Environment ReadEnvironment() {
  Environment environment;
  for (const char* name :
       {"CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH"}) {
    if (const char* value = std::getenv(name); value != nullptr) environment[name] = value;
  }
  return environment;
}

using Outcome = std::variant<std::string, CniError>;  // what to print

// What goes with the request: ADD and CHECK need the namespace, GC its list.
std::variant<UniqueFd, CniError> OpenDescriptor(const CniCall& call) {
  if (call.request.command == CniCommand::kGarbageCollect) {
    absl::StatusOr<UniqueFd> list = SealAttachmentList(call.attachments);
    if (list.ok()) return *std::move(list);
    return CniError{.code = CniCode::kIoFailure,
                    .message = "cannot pass the list of attachments on",
                    .details = std::string(list.status().message())};
  }
  if (call.netns_path.empty()) return UniqueFd();
  UniqueFd netns(::open(call.netns_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (netns.ok()) return netns;
  return CniError{.code = CniCode::kInvalidEnvironment,
                  .message = "invalid environment variable CNI_NETNS",
                  .details = fmt::format("open \"{}\": {}", call.netns_path, std::strerror(errno))};
}

// The daemon cannot be asked. A DEL is left for it; of the others, STATUS is
// what the runtime asked for, and the rest is worth another try.
Outcome WithoutDaemon(const CniCall& call, const absl::Status& why) {
  const PodRequest& pod = call.request.pod;
  CniError error = {
      .code = CniCode::kTryAgainLater,
      .message = "fairleadd does not answer",
      .details = fmt::format("{} (is it running on this node?)", std::string(why.message()))};
  if (call.request.command == CniCommand::kStatus) error.code = CniCode::kNotAvailable;
  if (call.request.command != CniCommand::kDelete) return error;
  const absl::Status deferred = DeferDelete(call.socket, IdOf(pod));
  if (deferred.ok()) return std::string();
  error.details += fmt::format("; leave the DEL to it: {}", std::string(deferred.message()));
  return error;
}

Outcome Run(const CniCall& call) {
  auto descriptor = OpenDescriptor(call);
  if (const auto* error = std::get_if<CniError>(&descriptor)) return *error;
  const absl::StatusOr<CniReply> reply =
      AskDaemon(call.socket, call.request, std::get<UniqueFd>(descriptor).get());
  if (!reply.ok()) return WithoutDaemon(call, reply.status());
  if (reply->error) return *reply->error;
  if (call.request.command != CniCommand::kAdd) return std::string();
  if (!reply->attachment) {
    return CniError{.code = CniCode::kFailed,
                    .message = "fairleadd answered without an attachment",
                    .details = "fairleadd and fairlead-cni are of different versions"};
  }
  return EncodeResult(call, *reply->attachment);
}

int Print(const std::string& text, int exit_code) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? exit_code : 1;
}

int Main(int argc, char** argv) {
  if (argc > 1) {
    const std::string_view argument = argv[1];
    if (argument == "--version")
      return Print(fmt::format("fairlead-cni {}\n", FAIRLEAD_VERSION), 0);
    if (argument == "--help" || argument == "-h") return Print(Help(), 0);
    std::fputs(fmt::format("fairlead-cni: unknown argument \"{}\"\n\n{}", argument, Help()).c_str(),
               stderr);
    return 2;
  }
  const Environment environment = ReadEnvironment();
  if (!environment.contains("CNI_COMMAND")) {
    std::fputs(Help().c_str(), stderr);
    return Print(
        EncodeError(kNewestCniVersion, {.code = CniCode::kInvalidEnvironment,
                                        .message = "invalid environment variable CNI_COMMAND",
                                        .details = "it is not set"}),
        1);
  }
  const std::string configuration = ReadStandardInput();
  const std::string version = VersionOf(configuration);
  if (configuration.size() > kLongestCniConfiguration) {
    return Print(EncodeError(version, {.code = CniCode::kIoFailure,
                                       .message = "cannot read the network configuration",
                                       .details = "it is longer than 1 MiB"}),
                 1);
  }
  if (environment.at("CNI_COMMAND") == "VERSION") return Print(EncodeVersions(version), 0);
  const auto call = ParseCall(environment, configuration);
  if (const auto* error = std::get_if<CniError>(&call)) {
    return Print(EncodeError(version, *error), 1);
  }
  const auto outcome = Run(std::get<CniCall>(call));
  if (const auto* error = std::get_if<CniError>(&outcome)) {
    return Print(EncodeError(version, *error), 1);
  }
  return Print(std::get<std::string>(outcome), 0);
}

}  // namespace
}  // namespace fairlead

int main(int argc, char** argv) { return fairlead::Main(argc, argv); }
