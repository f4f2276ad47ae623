// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/pod_store.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "loader/pods/port_mapping_json.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

json ToJson(const LocalPod& pod) {
  json object = {{"slot", pod.slot},
                 {"mac", MacToString(pod.mac)},
                 {"containerID", pod.container_id},
                 {"interface", pod.interface_name},
                 {"namespace", pod.name_space},
                 {"name", pod.name},
                 {"uid", pod.uid},
                 {"mtu", pod.mtu}};
  if (!pod.network.empty()) object["network"] = pod.network;
  if (pod.ip4) object["ip4"] = pod.ip4->ToString();
  if (pod.ip6) object["ip6"] = pod.ip6->ToString();
  if (!pod.port_mappings.empty()) object["portMappings"] = PortMappingsToJson(pod.port_mappings);
  return object;
}

// Throws json::exception for wrong types; the one caller catches it.
absl::StatusOr<std::optional<IpAddress>> AddressIn(const json& object, const char* key,
                                                   Family family) {
  if (!object.contains(key)) return std::nullopt;
  FL_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(object.at(key).get<std::string>()));
  if (address.family() != family) {
    return absl::InvalidArgumentError(fmt::format("{} is of the wrong family", key));
  }
  return address;
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
  pod.network = object.value("network", "");
  if (object.contains("portMappings")) {
    FL_ASSIGN_OR_RETURN(pod.port_mappings, PortMappingsFromJson(object.at("portMappings")));
  }
  return pod;
}

absl::Status CheckUnique(const std::vector<LocalPod>& pods) {
  std::set<uint32_t> slots;
  std::set<IpAddress> addresses;
  for (const LocalPod& pod : pods) {
    const bool unique = slots.insert(pod.slot).second &&
                        (!pod.ip4 || addresses.insert(*pod.ip4).second) &&
                        (!pod.ip6 || addresses.insert(*pod.ip6).second);
    if (!unique) {
      return absl::InvalidArgumentError(
          fmt::format("the slot or an address of container {} is listed twice", pod.container_id));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<PodState> StateFromJson(const json& document) {
  if (document.at("version").get<int>() != kVersion) {
    return absl::InvalidArgumentError("it is of a version that this fairleadd does not know");
  }
  PodState state;
  for (const json& object : document.at("pods")) {
    FL_ASSIGN_OR_RETURN(LocalPod pod, PodFromJson(object));
    state.pods.push_back(std::move(pod));
  }
  FL_RETURN_IF_ERROR(CheckUnique(state.pods));
  state.freed_slots = document.at("freedSlots").get<std::vector<uint32_t>>();
  for (const json& text : document.at("freedAddresses")) {
    FL_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(text.get<std::string>()));
    state.freed_addresses.push_back(address);
  }
  return state;
}

// nlohmann's exceptions end here.
absl::StatusOr<PodState> Parse(const std::string& text) {
  try {
    return StateFromJson(json::parse(text));
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

}  // namespace

absl::StatusOr<PodStore> PodStore::Open(const std::string& state_dir) {
  FL_RETURN_IF_ERROR(MakePrivateDirectory(state_dir));
  return PodStore(state_dir + "/pods.json");
}

absl::StatusOr<PodState> PodStore::Load() const {
  const absl::StatusOr<std::string> text = ReadWholeFile(path_);
  if (absl::IsNotFound(text.status())) return PodState{};
  if (!text.ok()) return text.status();
  absl::StatusOr<PodState> state = Parse(*text);
  if (state.ok()) return state;
  return absl::DataLossError(fmt::format(
      "{} is damaged ({}): put back an intact copy, or delete the pods of this node, move the file "
      "away and start fairleadd again; without it their addresses would be given out twice",
      path_, std::string(state.status().message())));
}

absl::Status PodStore::Save(const PodState& state) const {
  json document = {{"version", kVersion},
                   {"pods", json::array()},
                   {"freedSlots", state.freed_slots},
                   {"freedAddresses", json::array()}};
  for (const LocalPod& pod : state.pods) document["pods"].push_back(ToJson(pod));
  for (const IpAddress& address : state.freed_addresses) {
    document["freedAddresses"].push_back(address.ToString());
  }
  // Names come from outside and need not be UTF-8.
  return WriteFileDurably(path_,
                          document.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace fairlead
