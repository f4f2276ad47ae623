// SPDX-License-Identifier: Apache-2.0
#include "cni/previous_result.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cni/call.h"

namespace fairlead {
namespace {

using nlohmann::json;

std::string TextIn(const json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// The list `key` of a result; empty if it is not there.
json ListIn(const json& result, const char* key) {
  const auto found = result.find(key);
  return found != result.end() && found->is_array() ? *found : json::array();
}

std::optional<CniError> CheckShape(const json& result) {
  if (!result.is_object()) return InvalidConfiguration("\"prevResult\" is not an object");
  for (const char* key : {"interfaces", "ips", "routes"}) {
    const auto found = result.find(key);
    if (found == result.end() || found->is_null()) continue;
    if (!found->is_array()) {
      return InvalidConfiguration(fmt::format("\"{}\" of prevResult is not a list", key));
    }
    for (const json& entry : *found) {
      if (!entry.is_object()) {
        return InvalidConfiguration(fmt::format("an entry of prevResult.{} is no object", key));
      }
    }
  }
  return std::nullopt;
}

bool IsDefaultRoute(const json& route) {
  const std::string destination = TextIn(route, "dst");
  return destination == "0.0.0.0/0" || destination == "::/0";
}

// Of the pod's interface in the list; nullopt if it is not there.
std::optional<size_t> FindInterface(const json& interfaces, const std::string& name) {
  for (size_t i = 0; i < interfaces.size(); ++i) {
    if (TextIn(interfaces[i], "name") == name && !TextIn(interfaces[i], "sandbox").empty()) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<CniError> CheckJoinable(const json& result, const std::string& interface_name) {
  if (auto error = CheckShape(result)) return error;
  if (FindInterface(ListIn(result, "interfaces"), interface_name)) {
    return InvalidConfiguration(fmt::format(
        "prevResult has an interface {} already: fairlead-cni makes the pod's interface itself, "
        "put it first in the list of plugins",
        interface_name));
  }
  for (const json& route : ListIn(result, "routes")) {
    if (IsDefaultRoute(route)) {
      return InvalidConfiguration(
          fmt::format("prevResult has a default route ({}) already: fairlead-cni makes the pod's "
                      "default network, put it first in the list of plugins",
                      TextIn(route, "dst")));
    }
  }
  return std::nullopt;
}

std::variant<ExpectedPod, CniError> ReadExpected(const json& result,
                                                 const std::string& interface_name) {
  if (auto error = CheckShape(result)) return *std::move(error);
  const json interfaces = ListIn(result, "interfaces");
  const std::optional<size_t> own = FindInterface(interfaces, interface_name);
  if (!own) {
    return InvalidConfiguration(
        fmt::format("prevResult has no interface {} in a sandbox", interface_name));
  }
  ExpectedPod expected;
  if (const std::string mac = TextIn(interfaces[*own], "mac"); !mac.empty()) {
    const absl::StatusOr<MacAddress> parsed = ParseMac(mac);
    if (!parsed.ok()) return InvalidConfiguration(fmt::format("prevResult: mac \"{}\"", mac));
    expected.mac = *parsed;
  }
  for (const json& ip : ListIn(result, "ips")) {
    if (ip.value("interface", json()) != *own) continue;
    const std::string text = TextIn(ip, "address");
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(text.substr(0, text.find('/')));
    if (!address.ok()) return InvalidConfiguration(fmt::format("prevResult: address \"{}\"", text));
    expected.addresses.push_back(*address);
  }
  for (const json& route : ListIn(result, "routes")) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      // A default route by another gateway is a later plugin's.
      if (IsDefaultRoute(route) && TextIn(route, "gw") == GatewayAddress(family).ToString()) {
        expected.default_routes.push_back(family);
      }
    }
  }
  return expected;
}

json JoinResults(json previous, const json& ours) {
  const size_t shift = ListIn(previous, "interfaces").size();
  json ips = ours.at("ips");
  for (json& ip : ips) ip["interface"] = ip.at("interface").get<size_t>() + shift;
  for (const auto& [key, added] :
       {std::pair<const char*, json>{"interfaces", ours.at("interfaces")},
        {"ips", ips},
        {"routes", ours.at("routes")}}) {
    json list = ListIn(previous, key);
    list.insert(list.end(), added.begin(), added.end());
    previous[key] = std::move(list);
  }
  if (!previous.contains("dns") || previous.at("dns").empty()) previous["dns"] = ours.at("dns");
  return previous;
}

}  // namespace fairlead
