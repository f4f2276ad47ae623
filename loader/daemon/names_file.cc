// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/names_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/durable_file.h"

namespace fairlead {

absl::Status WriteNamesFile(const std::string& path, const plan::ServicePlan& services,
                            const std::vector<LocalPod>& pods,
                            const std::map<std::string, uint32_t>& node_slots) {
  nlohmann::json names = {
      {"services", {{"4", nlohmann::json::object()}, {"6", nlohmann::json::object()}}},
      {"pods", nlohmann::json::object()},
      {"nodes", nlohmann::json::object()}};
  for (const auto& [frontend, service] : services.services) {
    const char* family = frontend.vip.family() == Family::kIpv4 ? "4" : "6";
    names["services"][family][frontend.ToString()] =
        service.port_name.empty()
            ? fmt::format("{}/{}", service.name_space, service.name)
            : fmt::format("{}/{}:{}", service.name_space, service.name, service.port_name);
  }
  for (const LocalPod& pod : pods) {
    names["pods"][fmt::format("{}", pod.slot)] = fmt::format("{}/{}", pod.name_space, pod.name);
  }
  for (const auto& [name, slot] : node_slots) names["nodes"][fmt::format("{}", slot)] = name;

  return WriteFileDurably(
      path, names.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace fairlead
