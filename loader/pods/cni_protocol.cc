// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/cni_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "loader/pods/port_mapping_json.h"

namespace fairlead {
namespace {

using nlohmann::json;

constexpr size_t kLongestContainerId = 253;
constexpr size_t kLongestInterfaceName = 15;  // IFNAMSIZ and its zero

constexpr std::pair<CniCommand, const char*> kCommands[] = {{CniCommand::kAdd, "ADD"},
                                                            {CniCommand::kDelete, "DEL"},
                                                            {CniCommand::kCheck, "CHECK"},
                                                            {CniCommand::kGarbageCollect, "GC"},
                                                            {CniCommand::kStatus, "STATUS"}};

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string Dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Throws json::exception for a wrong type; the callers catch it.
absl::StatusOr<std::optional<IpAddress>> AddressIn(const json& object, const char* key) {
  if (!object.contains(key)) return std::nullopt;
  FL_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(object.at(key).get<std::string>()));
  return address;
}

absl::StatusOr<std::optional<MacAddress>> MacIn(const json& object) {
  if (!object.contains("mac")) return std::nullopt;
  FL_ASSIGN_OR_RETURN(const MacAddress mac, ParseMac(object.at("mac").get<std::string>()));
  return mac;
}

json ToJson(const ExpectedPod& expected) {
  json object = {{"addresses", json::array()}, {"defaultRoutes", json::array()}};
  for (const IpAddress& address : expected.addresses) {
    object["addresses"].push_back(address.ToString());
  }
  for (const Family family : expected.default_routes) {
    object["defaultRoutes"].push_back(static_cast<int>(family));
  }
  if (expected.mac) object["mac"] = MacToString(*expected.mac);
  return object;
}

absl::StatusOr<ExpectedPod> ExpectedFromJson(const json& object) {
  ExpectedPod expected;
  for (const json& text : object.at("addresses")) {
    FL_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(text.get<std::string>()));
    expected.addresses.push_back(address);
  }
  for (const json& family : object.at("defaultRoutes")) {
    expected.default_routes.push_back(family.get<int>() == 4 ? Family::kIpv4 : Family::kIpv6);
  }
  FL_ASSIGN_OR_RETURN(expected.mac, MacIn(object));
  return expected;
}

absl::StatusOr<CniRequest> RequestFromJson(const json& object) {
  CniRequest request;
  const auto command = object.at("command").get<std::string>();
  const auto* known = std::ranges::find(kCommands, command, [](const auto& c) { return c.second; });
  if (known == std::end(kCommands)) {
    return absl::InvalidArgumentError(fmt::format("unknown command \"{}\"", command));
  }
  request.command = known->first;
  if (request.command == CniCommand::kStatus) return request;
  request.pod.network = object.value("network", "");
  if (request.command == CniCommand::kGarbageCollect) return request;
  request.pod.container_id = object.at("containerID").get<std::string>();
  request.pod.interface_name = object.at("interface").get<std::string>();
  request.pod.name_space = object.at("namespace").get<std::string>();
  request.pod.name = object.at("name").get<std::string>();
  request.pod.uid = object.at("uid").get<std::string>();
  FL_RETURN_IF_ERROR(CheckContainerId(request.pod.container_id));
  FL_RETURN_IF_ERROR(CheckInterfaceName(request.pod.interface_name));
  // A plugin of before an upgrade says less: what is optional is so here, too.
  FL_ASSIGN_OR_RETURN(request.pod.port_mappings,
                      PortMappingsFromJson(object.value("portMappings", json::array())));
  FL_ASSIGN_OR_RETURN(request.pod.ip4, AddressIn(object, "ip4"));
  FL_ASSIGN_OR_RETURN(request.pod.ip6, AddressIn(object, "ip6"));
  FL_ASSIGN_OR_RETURN(request.pod.mac, MacIn(object));
  if (request.command == CniCommand::kCheck) {
    FL_ASSIGN_OR_RETURN(request.expected, ExpectedFromJson(object.at("expected")));
  }
  return request;
}

absl::StatusOr<CniReply> ReplyFromJson(const json& object) {
  CniReply reply;
  if (object.contains("error")) {
    const json& error = object.at("error");
    reply.error = {.code = static_cast<CniCode>(error.at("code").get<uint32_t>()),
                   .message = error.at("message").get<std::string>(),
                   .details = error.at("details").get<std::string>()};
  }
  if (object.contains("attachment")) {
    const json& from = object.at("attachment");
    CniAttachment attachment;
    attachment.host_device = from.at("hostDevice").get<std::string>();
    attachment.mtu = from.at("mtu").get<uint32_t>();
    FL_ASSIGN_OR_RETURN(attachment.mac, ParseMac(from.at("mac").get<std::string>()));
    FL_ASSIGN_OR_RETURN(attachment.ip4, AddressIn(from, "ip4"));
    FL_ASSIGN_OR_RETURN(attachment.ip6, AddressIn(from, "ip6"));
    reply.attachment = std::move(attachment);
  }
  return reply;
}

// nlohmann's exceptions end here.
template <typename T>
absl::StatusOr<T> Decode(std::string_view text, absl::StatusOr<T> (*from_json)(const json&)) {
  try {
    return from_json(json::parse(text));
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

}  // namespace

std::string EncodeRequest(const CniRequest& request) {
  const auto* command =
      std::ranges::find(kCommands, request.command, [](const auto& c) { return c.first; });
  const PodRequest& pod = request.pod;
  json object = {{"command", command->second},
                 {"network", pod.network},
                 {"containerID", pod.container_id},
                 {"interface", pod.interface_name},
                 {"namespace", pod.name_space},
                 {"name", pod.name},
                 {"uid", pod.uid},
                 {"portMappings", PortMappingsToJson(pod.port_mappings)}};
  if (pod.ip4) object["ip4"] = pod.ip4->ToString();
  if (pod.ip6) object["ip6"] = pod.ip6->ToString();
  if (pod.mac) object["mac"] = MacToString(*pod.mac);
  if (request.command == CniCommand::kCheck) object["expected"] = ToJson(request.expected);
  return Dump(object);
}

absl::StatusOr<CniRequest> DecodeRequest(std::string_view text) {
  return Decode(text, &RequestFromJson);
}

std::string EncodeReply(const CniReply& reply) {
  json object = json::object();
  if (reply.error) {
    object["error"] = {{"code", static_cast<uint32_t>(reply.error->code)},
                       {"message", reply.error->message},
                       {"details", reply.error->details}};
  }
  if (reply.attachment) {
    json& to = object["attachment"];
    to = {{"hostDevice", reply.attachment->host_device},
          {"mac", MacToString(reply.attachment->mac)},
          {"mtu", reply.attachment->mtu}};
    if (reply.attachment->ip4) to["ip4"] = reply.attachment->ip4->ToString();
    if (reply.attachment->ip6) to["ip6"] = reply.attachment->ip6->ToString();
  }
  return Dump(object);
}

absl::StatusOr<CniReply> DecodeReply(std::string_view text) { return Decode(text, &ReplyFromJson); }

absl::Status CheckContainerId(std::string_view id) {
  const bool valid = !id.empty() && id.size() <= kLongestContainerId &&
                     IsAlphanumeric(id.front()) && std::ranges::all_of(id, [](char c) {
                       return IsAlphanumeric(c) || c == '_' || c == '.' || c == '-';
                     });
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("container ID \"{}\" is not of the form [a-zA-Z0-9][a-zA-Z0-9_.-]*", id));
}

absl::Status CheckInterfaceName(std::string_view name) {
  const bool valid = !name.empty() && name.size() <= kLongestInterfaceName && name != "." &&
                     name != ".." && std::ranges::all_of(name, [](char c) {
                       return c > ' ' && c != '/' && c != ':' && c != 0x7f;
                     });
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "interface name \"{}\" is not of 1 to {} printable characters without '/' and ':'", name,
      kLongestInterfaceName));
}

}  // namespace fairlead
