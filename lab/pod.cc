// SPDX-License-Identifier: Apache-2.0
//
// See pod.h.
#include "lab/pod.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/status_macros.h"
#include "lab/files.h"
#include "lab/network_namespace.h"
#include "lab/teardown.h"
#include "lab/topology.h"

namespace fairlead::lab {
namespace {

// The environment a container of this pod sees beside the machine's own.
std::map<std::string, std::string> Environment(const Object& pod, const Object& container) {
  // Debian's own programs first: what /usr/local or a home folder shadows them
  // with is not what the packages of the manifest's author are.
  std::map<std::string, std::string> environment = {
      {"HOSTNAME", NameOf(pod)}, {"PATH", "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin"}};
  for (const Object& entry : At(container, "/env")) {
    const std::string field = TextAt(entry, "/valueFrom/fieldRef/fieldPath");
    std::string value = TextAt(entry, "/value");
    if (field == "metadata.name") value = NameOf(pod);
    if (field == "metadata.namespace") value = NamespaceOf(pod);
    if (field == "spec.nodeName") value = TextAt(pod, "/spec/nodeName");
    if (field == "status.podIP") value = TextAt(pod, "/status/podIP");
    environment[TextAt(entry, "/name")] = value;
  }
  return environment;
}

std::vector<std::string> Argv(const Object& container) {
  std::vector<std::string> argv;
  if (At(container, "/command").empty()) return argv;  // an image's own: there are no images
  for (const char* field : {"/command", "/args"}) {
    for (const Object& word : At(container, field)) {
      argv.push_back(word.is_string() ? word.get<std::string>() : word.dump());
    }
  }
  return argv;
}

// What the kubelet makes of the containers' hostPorts.
Object PortMappings(const Object& pod) {
  Object mappings = Object::array();
  for (const Object& container : At(pod, "/spec/containers")) {
    for (const Object& port : At(container, "/ports")) {
      if (!port.contains("hostPort")) continue;
      std::string protocol = port.value("protocol", "TCP");
      std::ranges::transform(protocol, protocol.begin(),
                             [](unsigned char c) { return std::tolower(c); });
      Object mapping = {{"hostPort", port["hostPort"]},
                        {"containerPort", At(port, "/containerPort")},
                        {"protocol", protocol}};
      if (port.contains("hostIP")) mapping["hostIP"] = port["hostIP"];
      mappings.push_back(std::move(mapping));
    }
  }
  return mappings;
}

bool Connects(const std::string& ipv4, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  ::inet_pton(AF_INET, ipv4.c_str(), &address.sin_addr);
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

Pod::Pod(const LabFolder& folder, Object object) : folder_(folder), object_(std::move(object)) {}

std::string Pod::network_namespace() const { return NamespaceName(folder_.lab(), name()); }

absl::Status Pod::Plug(const Node& node) {
  FL_RETURN_IF_ERROR(CreateNamespace(network_namespace()));
  const auto plug = [&]() -> absl::Status {
    // The runtime's own part: CNI leaves loopback to it.
    FL_ASSIGN_OR_RETURN(const Finished up, Run({.argv = {"ip", "link", "set", "lo", "up"},
                                                .network_namespace = network_namespace()},
                                               std::chrono::seconds(10)));
    if (up.exit_code != 0) return absl::InternalError("set lo up in " + name() + ": " + up.err);
    FL_ASSIGN_OR_RETURN(const std::string text,
                        node.CallCni("ADD", NamespaceOf(object_), name(), network_namespace(),
                                     PortMappings(object_)));
    const Object result = Object::parse(text, nullptr, false);
    std::vector<std::string> addresses;
    for (const Object& ip : At(result, "/ips")) {
      const std::string address = TextAt(ip, "/address");
      addresses.push_back(address.substr(0, address.find('/')));
    }
    if (addresses.empty()) return absl::InternalError("CNI ADD gave no address: " + text);
    SetPodStatus(object_, addresses, false);
    return absl::OkStatus();
  };
  const absl::Status status = plug();
  if (!status.ok()) DeleteNamespace(network_namespace()).IgnoreError();
  return status;
}

absl::Status Pod::Unplug(const Node& node) const {
  FL_RETURN_IF_ERROR(KillProcesses({network_namespace()}));
  absl::Status status =
      node.CallCni("DEL", NamespaceOf(object_), name(), network_namespace(), PortMappings(object_))
          .status();
  status.Update(DeleteNamespace(network_namespace()));
  return status;
}

absl::Status Pod::Start() {
  const std::string folder = folder_.Path("pods/" + name());
  FL_RETURN_IF_ERROR(MakeDirectories(folder));
  for (const Object& container : At(object_, "/spec/containers")) {
    const std::vector<std::string> argv = Argv(container);
    if (argv.empty()) continue;
    FL_ASSIGN_OR_RETURN(const ProcessId process, Spawn({.argv = argv,
                                                        .network_namespace = network_namespace(),
                                                        .env = Environment(object_, container),
                                                        .directory = folder},
                                                       log_file()));
    containers_.push_back(process);
  }
  return absl::OkStatus();
}

absl::Status Pod::AwaitReady(Duration timeout) const {
  const auto one_ended = [&] {
    for (const ProcessId& process : containers_) {
      if (!IsRunning(process)) return true;
    }
    return false;
  };
  bool ready = false;
  // Asked from inside, like `kubectl exec`: whether the server runs must not
  // depend on the network that it is there to test.
  FL_RETURN_IF_ERROR(InNamespace(network_namespace(), [&] {
    WaitUntil([&] { return (ready = PortsAccept()) || one_ended(); }, timeout);
    return absl::OkStatus();
  }));
  if (ready && !one_ended()) return absl::OkStatus();
  if (Interrupted()) return absl::CancelledError("interrupted");
  return absl::UnavailableError(fmt::format("pod {} {}; the end of {}:\n{}", name(),
                                            one_ended() ? "has ended" : "is not ready in time",
                                            log_file(), Tail(log_file(), 10)));
}

bool Pod::PortsAccept() const {
  for (const Object& container : At(object_, "/spec/containers")) {
    if (Argv(container).empty()) continue;
    for (const Object& port : At(container, "/ports")) {
      if (port.value("protocol", "TCP") == "TCP" &&
          !Connects(ipv4(), port.value("containerPort", 0))) {
        return false;
      }
    }
  }
  return true;
}

void Pod::SetReady(bool ready) {
  std::vector<std::string> addresses;
  for (const Object& entry : At(object_, "/status/podIPs"))
    addresses.push_back(TextAt(entry, "/ip"));
  SetPodStatus(object_, addresses, ready);
}

std::string Pod::Address(bool ipv6) const {
  for (const Object& entry : At(object_, "/status/podIPs")) {
    const std::string address = TextAt(entry, "/ip");
    if ((address.find(':') != std::string::npos) == ipv6) return address;
  }
  return "";
}

}  // namespace fairlead::lab
