// SPDX-License-Identifier: Apache-2.0
#include "cni/call.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

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

// The text of an optional member; "" if absent, an error if it is no string.
std::optional<CniError> ReadText(const json& configuration, const char* key, std::string* text) {
  const auto found = configuration.find(key);
  if (found == configuration.end()) return std::nullopt;
  if (!found->is_string()) {
    return CniError{.code = CniCode::kUndecodable,
                    .message = "cannot decode the network configuration",
                    .details = fmt::format("\"{}\" is not a string", key)};
  }
  *text = found->get<std::string>();
  return std::nullopt;
}

std::optional<CniError> ReadConfiguration(std::string_view text, CniCall* call) {
  const json configuration = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!configuration.is_object()) {
    return CniError{.code = CniCode::kUndecodable,
                    .message = "cannot decode the network configuration",
                    .details = text.empty() ? "standard input is empty"
                                            : "standard input is not a JSON object"};
  }
  // A configuration without a version is of 0.1.0, the specification says.
  call->version = "0.1.0";
  std::string name;
  call->socket = kDefaultCniSocket;
  if (auto error = ReadText(configuration, "cniVersion", &call->version)) return error;
  if (auto error = ReadText(configuration, "name", &name)) return error;
  if (auto error = ReadText(configuration, "socket", &call->socket)) return error;
  if (!IsSupportedCniVersion(call->version)) {
    return CniError{.code = CniCode::kIncompatibleVersion,
                    .message = "incompatible CNI version",
                    .details = fmt::format("the configuration is of {}, supported are {}",
                                           call->version, fmt::join(kCniVersions, " and "))};
  }
  if (!CheckContainerId(name).ok()) {  // names of networks follow the same pattern
    return CniError{.code = CniCode::kInvalidConfiguration,
                    .message = "invalid network configuration",
                    .details = fmt::format("name \"{}\" is not of the form "
                                           "[a-zA-Z0-9][a-zA-Z0-9_.-]*",
                                           name)};
  }
  if (!call->socket.starts_with('/')) {
    return CniError{.code = CniCode::kInvalidConfiguration,
                    .message = "invalid network configuration",
                    .details = fmt::format("socket \"{}\" is not an absolute path", call->socket)};
  }
  if (const auto dns = configuration.find("dns"); dns != configuration.end()) {
    if (!dns->is_object()) {
      return CniError{.code = CniCode::kInvalidConfiguration,
                      .message = "invalid network configuration",
                      .details = "\"dns\" is not an object"};
    }
    call->dns = dns->dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return std::nullopt;
}

// CNI_ARGS, "KEY=VALUE;…". Keys that mean nothing to fairlead are other
// plugins' business.
std::optional<CniError> ReadArguments(const std::string& text, PodRequest* pod) {
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
    if (key == "K8S_POD_NAMESPACE") pod->name_space = value;
    if (key == "K8S_POD_NAME") pod->name = value;
    if (key == "K8S_POD_UID") pod->uid = value;
  }
  return std::nullopt;
}

std::optional<CniError> ReadCommand(const std::string& command, CniRequest* request) {
  if (command == "ADD") {
    request->command = CniCommand::kAdd;
  } else if (command == "DEL") {
    request->command = CniCommand::kDelete;
  } else if (command == "STATUS") {
    request->command = CniCommand::kStatus;
  } else {
    return InvalidVariable("CNI_COMMAND", fmt::format("\"{}\" is not one of ADD, DEL, STATUS and "
                                                      "VERSION",
                                                      command));
  }
  return std::nullopt;
}

std::optional<CniError> ReadEnvironment(const Environment& environment, CniCall* call) {
  if (auto error = ReadCommand(Get(environment, "CNI_COMMAND"), &call->request)) return error;
  if (call->request.command == CniCommand::kStatus) return std::nullopt;
  PodRequest& pod = call->request.pod;
  pod.container_id = Get(environment, "CNI_CONTAINERID");
  pod.interface_name = Get(environment, "CNI_IFNAME");
  if (const absl::Status valid = CheckContainerId(pod.container_id); !valid.ok()) {
    return InvalidVariable("CNI_CONTAINERID", std::string(valid.message()));
  }
  if (const absl::Status valid = CheckInterfaceName(pod.interface_name); !valid.ok()) {
    return InvalidVariable("CNI_IFNAME", std::string(valid.message()));
  }
  if (call->request.command == CniCommand::kAdd) {
    call->netns_path = Get(environment, "CNI_NETNS");
    if (call->netns_path.empty()) return InvalidVariable("CNI_NETNS", "it is empty or not set");
  }
  if (auto error = ReadArguments(Get(environment, "CNI_ARGS"), &pod)) return error;
  if (EncodeRequest(call->request).size() > kLongestCniMessage) {
    return InvalidVariable("CNI_ARGS", "it is too long");
  }
  return std::nullopt;
}

}  // namespace

bool IsSupportedCniVersion(std::string_view version) {
  return std::ranges::find(kCniVersions, version) != std::end(kCniVersions);
}

std::variant<CniCall, CniError> ParseCall(const Environment& environment,
                                          std::string_view configuration) {
  CniCall call;
  if (auto error = ReadEnvironment(environment, &call)) return *std::move(error);
  if (auto error = ReadConfiguration(configuration, &call)) return *std::move(error);
  if (call.request.command == CniCommand::kStatus && call.version == "1.0.0") {
    return CniError{.code = CniCode::kIncompatibleVersion,
                    .message = "incompatible CNI version",
                    .details = "STATUS came with 1.1.0, the configuration is of 1.0.0"};
  }
  return call;
}

std::string VersionOf(std::string_view configuration) {
  const json parsed = json::parse(configuration, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return kNewestCniVersion;
  const auto version = parsed.find("cniVersion");
  if (version == parsed.end() || !version->is_string()) return kNewestCniVersion;
  std::string text = version->get<std::string>();
  return IsSupportedCniVersion(text) ? text : kNewestCniVersion;
}

}  // namespace fairlead
