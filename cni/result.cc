// SPDX-License-Identifier: Apache-2.0
#include "cni/result.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cni/previous_result.h"

namespace fairlead {
namespace {

using nlohmann::json;

constexpr int kPodInterface = 1;  // index into "interfaces"

std::string Print(const json& object) {
  return object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

void AddAddress(const IpAddress& address, json* result) {
  const Family family = address.family();
  const std::string gateway = GatewayAddress(family).ToString();
  (*result)["ips"].push_back(
      {{"address", fmt::format("{}/{}", address.ToString(), AddressBits(family))},
       {"gateway", gateway},
       {"interface", kPodInterface}});
  (*result)["routes"].push_back(
      {{"dst", family == Family::kIpv4 ? "0.0.0.0/0" : "::/0"}, {"gw", gateway}});
}

// Until 1.0.0 every address said of which version of IP it is, though one sees it.
void SayFamilies(const std::string& version, json* result) {
  const bool wanted = !IsCniVersionFrom(version, "1.0.0");
  for (json& ip : (*result)["ips"]) {
    ip.erase("version");
    const bool is_ipv6 = ip.value("address", json("")).dump().find(':') != std::string::npos;
    if (wanted) ip["version"] = is_ipv6 ? "6" : "4";
  }
}

}  // namespace

std::string EncodeResult(const CniCall& call, const CniAttachment& attachment) {
  json host = {{"name", attachment.host_device}, {"mac", MacToString(GatewayMac())}};
  json pod = {{"name", call.request.pod.interface_name},
              {"mac", MacToString(attachment.mac)},
              {"sandbox", call.netns_path}};
  if (IsCniVersionFrom(call.version, "1.1.0")) {  // since then interfaces have an MTU
    host["mtu"] = attachment.mtu;
    pod["mtu"] = attachment.mtu;
  }
  json result = {{"interfaces", json::array({std::move(host), std::move(pod)})},
                 {"ips", json::array()},
                 {"routes", json::array()},
                 {"dns", json::object()}};
  if (attachment.ip4) AddAddress(*attachment.ip4, &result);
  if (attachment.ip6) AddAddress(*attachment.ip6, &result);
  if (!call.dns.empty()) result["dns"] = json::parse(call.dns, nullptr, false);
  if (!call.previous_result.empty()) {
    result = JoinResults(json::parse(call.previous_result, nullptr, false), result);
  }
  result["cniVersion"] = call.version;
  SayFamilies(call.version, &result);
  return Print(result);
}

std::string EncodeError(const std::string& version, const CniError& error) {
  json object = {
      {"cniVersion", version}, {"code", static_cast<uint32_t>(error.code)}, {"msg", error.message}};
  if (!error.details.empty()) object["details"] = error.details;
  return Print(object);
}

std::string EncodeVersions(const std::string& version) {
  return Print({{"cniVersion", version}, {"supportedVersions", json(kCniVersions)}});
}

}  // namespace fairlead
