// SPDX-License-Identifier: Apache-2.0
#include "cni/call.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cni/previous_result.h"
#include "cni/runtime_config.h"

namespace fairlead {
namespace {

using nlohmann::json;

std::string Get(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

CniError InvalidVariable(std::string_view name, std::string details) {
  return {.code = CniCode::kInvalidEnvironment,
          .message = fmt::format("invalid environment variable {}", name),
          .details = std::move(details)};
}

CniError Undecodable(std::string details) {
  return {.code = CniCode::kUndecodable,
          .message = "cannot decode the network configuration",
          .details = std::move(details)};
}

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The text of an optional member; as it was if absent, an error if it is no string.
std::optional<CniError> ReadText(const json& configuration, const char* key, std::string* text) {
  const auto found = configuration.find(key);
  if (found == configuration.end()) return std::nullopt;
  if (!found->is_string()) return Undecodable(fmt::format("\"{}\" is not a string", key));
  *text = found->get<std::string>();
  return std::nullopt;
}

std::optional<CniError> CheckVersion(const CniCall& call) {
  std::string details;
  if (!IsSupportedCniVersion(call.version)) {
    details = fmt::format("the configuration is of {}, supported are {}", call.version,
                          fmt::join(kCniVersions, ", "));
  } else if (const char* since = VersionThatBrought(call.request.command);
             !IsCniVersionFrom(call.version, since)) {
    details =
        fmt::format("this command came with {}, the configuration is of {}", since, call.version);
  } else {
    return std::nullopt;
  }
  return CniError{.code = CniCode::kIncompatibleVersion,
                  .message = "incompatible CNI version",
                  .details = std::move(details)};
}

// Which attachments GC is to keep. A slip in the specification's first text
// gave the list a second name; runtimes send either.
std::optional<CniError> ReadAttachments(const json& configuration, CniCall* call) {
  auto found = configuration.find("cni.dev/valid-attachments");
  if (found == configuration.end()) found = configuration.find("cni.dev/attachments");
  if (found == configuration.end() || !found->is_array()) {
    return InvalidConfiguration(
        "GC without a list \"cni.dev/valid-attachments\": nothing is removed");
  }
  json list = json::array();
  for (const json& entry : *found) {
    if (!entry.is_object() || !entry.value("containerID", json()).is_string() ||
        !entry.value("ifname", json()).is_string()) {
      return InvalidConfiguration(
          fmt::format("{} in \"cni.dev/valid-attachments\" has no containerID or no ifname: "
                      "nothing is removed",
                      Dump(entry)));
    }
    list.push_back({entry.at("containerID"), entry.at("ifname")});
  }
  call->attachments = Dump(list);
  return std::nullopt;
}

std::optional<CniError> ReadPreviousResult(const json& configuration, CniCall* call) {
  const std::string& interface_name = call->request.pod.interface_name;
  const auto found = configuration.find("prevResult");
  const bool absent = found == configuration.end() || found->is_null();
  if (call->request.command == CniCommand::kAdd) {
    if (absent) return std::nullopt;
    if (auto error = CheckJoinable(*found, interface_name)) return error;
    call->previous_result = Dump(*found);
    return std::nullopt;
  }
  if (absent) return InvalidConfiguration("CHECK without a \"prevResult\"");
  auto expected = ReadExpected(*found, interface_name);
  if (auto* error = std::get_if<CniError>(&expected)) return std::move(*error);
  call->request.expected = std::get<ExpectedPod>(std::move(expected));
  return std::nullopt;
}

// What beyond the names each command reads. DEL reads nothing: it must succeed.
std::optional<CniError> ReadForCommand(const json& configuration, CniCall* call) {
  switch (call->request.command) {
    case CniCommand::kAdd:
      if (auto error = ReadRuntimeConfig(configuration, &call->request.pod)) return error;
      return ReadPreviousResult(configuration, call);
    case CniCommand::kCheck:
      return ReadPreviousResult(configuration, call);
    case CniCommand::kGarbageCollect:
      return ReadAttachments(configuration, call);
    case CniCommand::kDelete:
    case CniCommand::kStatus:
      break;
  }
  return std::nullopt;
}

std::optional<CniError> ReadConfiguration(std::string_view text, CniCall* call) {
  const json configuration = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!configuration.is_object()) {
    return Undecodable(text.empty() ? "standard input is empty"
                                    : "standard input is not a JSON object");
  }
  // A configuration without a version is of 0.1.0, the specification says.
  call->version = "0.1.0";
  call->socket = kDefaultCniSocket;
  std::string& name = call->request.pod.network;
  if (auto error = ReadText(configuration, "cniVersion", &call->version)) return error;
  if (auto error = ReadText(configuration, "name", &name)) return error;
  if (auto error = ReadText(configuration, "socket", &call->socket)) return error;
  if (auto error = CheckVersion(*call)) return error;
  if (!CheckContainerId(name).ok()) {  // names of networks follow the same pattern
    return InvalidConfiguration(
        fmt::format("name \"{}\" is not of the form [a-zA-Z0-9][a-zA-Z0-9_.-]*", name));
  }
  if (!call->socket.starts_with('/')) {
    return InvalidConfiguration(fmt::format("socket \"{}\" is not an absolute path", call->socket));
  }
  if (const auto dns = configuration.find("dns"); dns != configuration.end()) {
    if (!dns->is_object()) return InvalidConfiguration("\"dns\" is not an object");
    call->dns = Dump(*dns);
  }
  return ReadForCommand(configuration, call);
}

bool IsTrue(const std::string& value) {
  return value == "1" || value == "true" || value == "True" || value == "TRUE" || value == "t" ||
         value == "T";
}

// CNI_ARGS, "KEY=VALUE;…". By convention a key that a plugin does not know is
// an error unless IgnoreUnknown says otherwise; DEL never minds.
std::optional<CniError> ReadArguments(const std::string& text, CniRequest* request) {
  PodRequest& pod = request->pod;
  const std::map<std::string, std::string*> known = {{"K8S_POD_NAMESPACE", &pod.name_space},
                                                     {"K8S_POD_NAME", &pod.name},
                                                     {"K8S_POD_UID", &pod.uid},
                                                     {"K8S_POD_INFRA_CONTAINER_ID", nullptr}};
  bool ignore_unknown = request->command == CniCommand::kDelete;
  std::string unknown;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find(';', start), text.size());
    const std::string pair = text.substr(start, end - start);
    start = end + 1;
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return InvalidVariable("CNI_ARGS", fmt::format("\"{}\" is not KEY=VALUE", pair));
    }
    const std::string key = pair.substr(0, equals);
    const std::string value = pair.substr(equals + 1);
    if (key == "IgnoreUnknown") {
      ignore_unknown = ignore_unknown || IsTrue(value);
    } else if (const auto found = known.find(key); found == known.end()) {
      unknown = key;
    } else if (found->second != nullptr) {
      *found->second = value;
    }
  }
  if (unknown.empty() || ignore_unknown) return std::nullopt;
  return InvalidVariable(
      "CNI_ARGS", fmt::format("\"{}\" is unknown, and IgnoreUnknown=1 is not among them", unknown));
}

std::optional<CniError> ReadCommand(const std::string& command, CniRequest* request) {
  constexpr std::pair<const char*, CniCommand> kCommands[] = {{"ADD", CniCommand::kAdd},
                                                              {"DEL", CniCommand::kDelete},
                                                              {"CHECK", CniCommand::kCheck},
                                                              {"GC", CniCommand::kGarbageCollect},
                                                              {"STATUS", CniCommand::kStatus}};
  for (const auto& [name, value] : kCommands) {
    if (command != name) continue;
    request->command = value;
    return std::nullopt;
  }
  return InvalidVariable(
      "CNI_COMMAND",
      fmt::format("\"{}\" is not one of ADD, DEL, CHECK, GC, STATUS and VERSION", command));
}

std::optional<CniError> ReadEnvironment(const Environment& environment, CniCall* call) {
  if (auto error = ReadCommand(Get(environment, "CNI_COMMAND"), &call->request)) return error;
  const CniCommand command = call->request.command;
  if (command == CniCommand::kStatus || command == CniCommand::kGarbageCollect) {
    return std::nullopt;
  }
  PodRequest& pod = call->request.pod;
  pod.container_id = Get(environment, "CNI_CONTAINERID");
  pod.interface_name = Get(environment, "CNI_IFNAME");
  if (const absl::Status valid = CheckContainerId(pod.container_id); !valid.ok()) {
    return InvalidVariable("CNI_CONTAINERID", std::string(valid.message()));
  }
  if (const absl::Status valid = CheckInterfaceName(pod.interface_name); !valid.ok()) {
    return InvalidVariable("CNI_IFNAME", std::string(valid.message()));
  }
  if (command != CniCommand::kDelete) {
    call->netns_path = Get(environment, "CNI_NETNS");
    if (call->netns_path.empty()) return InvalidVariable("CNI_NETNS", "it is empty or not set");
  }
  if (auto error = ReadArguments(Get(environment, "CNI_ARGS"), &call->request)) return error;
  if (EncodeRequest(call->request).size() > kLongestCniMessage / 2) {
    return InvalidVariable("CNI_ARGS", "it is too long");
  }
  return std::nullopt;
}

}  // namespace

CniError InvalidConfiguration(std::string details) {
  return {.code = CniCode::kInvalidConfiguration,
          .message = "invalid network configuration",
          .details = std::move(details)};
}

std::variant<CniCall, CniError> ParseCall(const Environment& environment,
                                          std::string_view configuration) {
  CniCall call;
  if (auto error = ReadEnvironment(environment, &call)) return *std::move(error);
  if (auto error = ReadConfiguration(configuration, &call)) return *std::move(error);
  if (EncodeRequest(call.request).size() > kLongestCniMessage) {
    return InvalidConfiguration("runtimeConfig and prevResult say too much for one request");
  }
  return call;
}

}  // namespace fairlead
