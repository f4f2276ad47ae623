// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/names_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/durable_file.h"

namespace fairlead {

namespace {

// "8080/tcp,192.0.2.1:53/udp"; "" for none.
std::string HostPorts(const LocalPod& pod) {
  std::string text;
  for (const PortMapping& mapping : pod.port_mappings) {
    if (!text.empty()) text += ",";
    text += mapping.host_ip ? Endpoint{*mapping.host_ip, mapping.host_port}.ToString()
                            : fmt::format("{}", mapping.host_port);
    text += "/" + ProtocolName(static_cast<uint8_t>(mapping.protocol));
  }
  return text;
}

}  // namespace

absl::Status WriteNamesFile(const std::string& path, const plan::ServicePlan& services,
                            const std::vector<LocalPod>& pods,
                            const std::map<std::string, uint32_t>& node_slots) {
  nlohmann::json names = {
      {"services", {{"4", nlohmann::json::object()}, {"6", nlohmann::json::object()}}},
      {"pods", nlohmann::json::object()},
      {"attachments", nlohmann::json::object()},
      {"nodes", nlohmann::json::object()}};
  for (const auto& [frontend, owner] : services.owners) {
    if (frontend.relayed) continue;
    const char* family = frontend.vip.family() == Family::kIpv4 ? "4" : "6";
    names["services"][family][frontend.ToString()] = owner.ToString();
  }
  for (const LocalPod& pod : pods) {
    const std::string slot = fmt::format("{}", pod.slot);
    names["pods"][slot] = fmt::format("{}/{}", pod.name_space, pod.name);
    names["attachments"][slot] = {{"container", pod.container_id},
                                  {"interface", pod.interface_name},
                                  {"hostPorts", HostPorts(pod)}};
  }
  for (const auto& [name, slot] : node_slots) names["nodes"][fmt::format("{}", slot)] = name;

  return ReplaceFile(path,
                     names.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace fairlead
