// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/pod_json.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "base/status_macros.h"
#include "loader/pods/port_mapping_json.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

using nlohmann::json;

absl::StatusOr<std::optional<IpAddress>> AddressIn(const json& object, const char* key,
                                                   Family family) {
  if (!object.contains(key)) return std::nullopt;
  FL_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(object.at(key).get<std::string>()));
  if (address.family() != family) {
    return absl::InvalidArgumentError(fmt::format("{} is of the wrong family", key));
  }
  return address;
}

}  // namespace

json PodToJson(const LocalPod& pod) {
  json object = {{"slot", pod.slot},
                 {"mac", MacToString(pod.mac)},
                 {"containerID", pod.container_id},
                 {"interface", pod.interface_name},
                 {"namespace", pod.name_space},
                 {"name", pod.name},
                 {"uid", pod.uid},
                 {"serial", pod.serial},
                 {"mtu", pod.mtu}};
  if (!pod.network.empty()) object["network"] = pod.network;
  if (pod.ip4) object["ip4"] = pod.ip4->ToString();
  if (pod.ip6) object["ip6"] = pod.ip6->ToString();
  if (!pod.port_mappings.empty()) object["portMappings"] = PortMappingsToJson(pod.port_mappings);
  return object;
}

absl::StatusOr<LocalPod> PodFromJson(const json& object) {
  LocalPod pod;
  pod.slot = object.at("slot").get<uint32_t>();
  if (pod.slot >= FL_MAX_PODS) {
    return absl::InvalidArgumentError(fmt::format("there is no slot {}", pod.slot));
  }
  pod.ifindex = FL_POD_IFINDEX_BASE + pod.slot;
  pod.host_device = HostDeviceName(pod.slot);
  FL_ASSIGN_OR_RETURN(pod.mac, ParseMac(object.at("mac").get<std::string>()));
  FL_ASSIGN_OR_RETURN(pod.ip4, AddressIn(object, "ip4", Family::kIpv4));
  FL_ASSIGN_OR_RETURN(pod.ip6, AddressIn(object, "ip6", Family::kIpv6));
  pod.container_id = object.at("containerID").get<std::string>();
  pod.interface_name = object.at("interface").get<std::string>();
  pod.name_space = object.at("namespace").get<std::string>();
  pod.name = object.at("name").get<std::string>();
  pod.uid = object.at("uid").get<std::string>();
  pod.mtu = object.at("mtu").get<uint32_t>();
  pod.serial = object.value("serial", uint64_t{0});  // of before it was recorded
  pod.network = object.value("network", "");
  if (object.contains("portMappings")) {
    FL_ASSIGN_OR_RETURN(pod.port_mappings, PortMappingsFromJson(object.at("portMappings")));
  }
  return pod;
}

}  // namespace fairlead
