// SPDX-License-Identifier: Apache-2.0
#include "cni/runtime_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cni/call.h"

namespace fairlead {
namespace {

using nlohmann::json;

std::string Text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<CniError> Refuse(std::string_view key, std::string_view why) {
  return InvalidConfiguration(fmt::format("runtimeConfig.{}: {}", key, why));
}

std::optional<uint16_t> Port(const json& mapping, const char* key) {
  const auto found = mapping.find(key);
  if (found == mapping.end() || !found->is_number_integer()) return std::nullopt;
  const auto port = found->get<int64_t>();
  if (port < 1 || port > 65535) return std::nullopt;
  return static_cast<uint16_t>(port);
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// With its keys in small letters: containerd writes HostPort, others hostPort.
json WithSmallKeys(const json& object) {
  json small = json::object();
  for (const auto& [key, value] : object.items()) small[Lower(key)] = value;
  return small;
}

// TCP unless it says otherwise, in any case of letters.
std::optional<Protocol> ProtocolOf(const json& mapping) {
  const json given = mapping.value("protocol", json("tcp"));
  if (!given.is_string()) return std::nullopt;
  const std::string name = Lower(given.get<std::string>());
  if (name == "tcp") return Protocol::kTcp;
  if (name == "udp") return Protocol::kUdp;
  if (name == "sctp") return Protocol::kSctp;
  return std::nullopt;
}

std::optional<CniError> ReadMapping(const json& given, PodRequest* pod) {
  constexpr char kKey[] = "portMappings";
  if (!given.is_object()) return Refuse(kKey, fmt::format("{} is not an object", Text(given)));
  const json from = WithSmallKeys(given);
  // The kubelet lists ports without a hostPort, too, as hostPort 0.
  if (!from.contains("hostport") || from.at("hostport") == 0) return std::nullopt;
  const std::optional<uint16_t> host_port = Port(from, "hostport");
  const std::optional<uint16_t> container_port = Port(from, "containerport");
  const std::optional<Protocol> protocol = ProtocolOf(from);
  if (!host_port || !container_port) {
    return Refuse(kKey, fmt::format("a port of {} is not from 1 to 65535", Text(from)));
  }
  if (!protocol) return Refuse(kKey, fmt::format("the protocol of {} is unknown", Text(from)));
  PortMapping mapping{.protocol = *protocol,
                      .host_port = *host_port,
                      .container_port = *container_port,
                      .host_ip = std::nullopt};
  const json host_ip = from.value("hostip", json(""));
  if (!host_ip.is_string()) return Refuse(kKey, fmt::format("hostIP of {}", Text(from)));
  if (const auto text = host_ip.get<std::string>(); !text.empty()) {
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(text);
    if (!address.ok()) return Refuse(kKey, fmt::format("hostIP \"{}\" is no address", text));
    // 0.0.0.0 and :: are every address, which is what no hostIP means.
    if (!address->IsUnspecified()) mapping.host_ip = *address;
  }
  for (const PortMapping& other : pod->port_mappings) {
    if (other.protocol == mapping.protocol && other.host_port == mapping.host_port &&
        other.host_ip == mapping.host_ip) {
      return Refuse(kKey, fmt::format("hostPort {} is asked for twice", mapping.host_port));
    }
  }
  pod->port_mappings.push_back(mapping);
  return std::nullopt;
}

std::optional<CniError> ReadMappings(const json& list, PodRequest* pod) {
  if (!list.is_array()) return Refuse("portMappings", "it is not a list");
  for (const json& mapping : list) {
    if (auto error = ReadMapping(mapping, pod)) return error;
    if (pod->port_mappings.size() > kMostPortMappings) {
      return Refuse("portMappings", fmt::format("more than {} of them", kMostPortMappings));
    }
  }
  return std::nullopt;
}

// "10.1.0.7", or with a prefix length, which a pod's address here does not have.
std::optional<CniError> ReadAddresses(const json& list, PodRequest* pod) {
  if (!list.is_array()) return Refuse("ips", "it is not a list");
  for (const json& entry : list) {
    if (!entry.is_string()) return Refuse("ips", fmt::format("{} is not a string", Text(entry)));
    const auto text = entry.get<std::string>();
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(text.substr(0, text.find('/')));
    if (!address.ok() || !Cidr::Parse(text).ok()) {
      return Refuse("ips", fmt::format("\"{}\" is no address", text));
    }
    std::optional<IpAddress>& slot = address->family() == Family::kIpv4 ? pod->ip4 : pod->ip6;
    if (slot) {
      return Refuse("ips", fmt::format("more than one {} address", FamilyName(address->family())));
    }
    slot = *address;
  }
  return std::nullopt;
}

std::optional<CniError> ReadMac(const json& value, PodRequest* pod) {
  if (!value.is_string()) return Refuse("mac", "it is not a string");
  const absl::StatusOr<MacAddress> mac = ParseMac(value.get<std::string>());
  if (!mac.ok()) return Refuse("mac", std::string(mac.status().message()));
  if (((*mac)[0] & 1) != 0 || *mac == MacAddress{} || *mac == GatewayMac()) {
    return Refuse("mac", fmt::format("{} is zero, a group's or the gateway's", MacToString(*mac)));
  }
  pod->mac = *mac;
  return std::nullopt;
}

}  // namespace

std::optional<CniError> ReadRuntimeConfig(const json& configuration, PodRequest* pod) {
  const auto found = configuration.find("runtimeConfig");
  if (found == configuration.end() || found->is_null()) return std::nullopt;
  if (!found->is_object()) return InvalidConfiguration("\"runtimeConfig\" is not an object");
  constexpr std::pair<const char*, std::optional<CniError> (*)(const json&, PodRequest*)>
      kCapabilities[] = {
          {"portMappings", &ReadMappings}, {"ips", &ReadAddresses}, {"mac", &ReadMac}};
  for (const auto& [key, read] : kCapabilities) {
    const auto value = found->find(key);
    if (value == found->end() || value->is_null()) continue;
    if (auto error = read(*value, pod)) return error;
  }
  return std::nullopt;
}

}  // namespace fairlead
