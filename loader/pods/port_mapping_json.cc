// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/port_mapping_json.h"

#include <fmt/format.h>

#include <string>

#include "base/status_macros.h"

namespace fairlead {
namespace {

using nlohmann::json;

absl::StatusOr<Protocol> ProtocolIn(const json& object) {
  const auto name = object.at("protocol").get<std::string>();
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
    if (name == ProtocolName(static_cast<uint8_t>(protocol))) return protocol;
  }
  return absl::InvalidArgumentError(fmt::format("a port mapping's protocol is \"{}\"", name));
}

absl::StatusOr<uint16_t> PortIn(const json& object, const char* key) {
  const auto port = object.at(key).get<int64_t>();
  if (port >= 1 && port <= 65535) return static_cast<uint16_t>(port);
  return absl::InvalidArgumentError(fmt::format("a port mapping's {} is {}", key, port));
}

}  // namespace

json PortMappingsToJson(const std::vector<PortMapping>& mappings) {
  json list = json::array();
  for (const PortMapping& mapping : mappings) {
    json object = {{"protocol", ProtocolName(static_cast<uint8_t>(mapping.protocol))},
                   {"hostPort", mapping.host_port},
                   {"containerPort", mapping.container_port}};
    if (mapping.host_ip) object["hostIP"] = mapping.host_ip->ToString();
    list.push_back(std::move(object));
  }
  return list;
}

absl::StatusOr<std::vector<PortMapping>> PortMappingsFromJson(const json& list) {
  std::vector<PortMapping> mappings;
  for (const json& object : list) {
    PortMapping mapping;
    FL_ASSIGN_OR_RETURN(mapping.protocol, ProtocolIn(object));
    FL_ASSIGN_OR_RETURN(mapping.host_port, PortIn(object, "hostPort"));
    FL_ASSIGN_OR_RETURN(mapping.container_port, PortIn(object, "containerPort"));
    if (object.contains("hostIP")) {
      FL_ASSIGN_OR_RETURN(mapping.host_ip,
                          IpAddress::Parse(object.at("hostIP").get<std::string>()));
    }
    mappings.push_back(mapping);
  }
  return mappings;
}

}  // namespace fairlead
