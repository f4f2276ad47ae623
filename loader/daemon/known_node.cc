// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/known_node.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/durable_file.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/api/rotating_file.h"

namespace fairlead {
namespace {

using nlohmann::json;

// The family that the Node lists first comes first.
std::string ToText(const plan::OwnNode& node) {
  json addresses = json::array();
  const Family first = node.addresses.first;
  for (const Family family : {first, first == Family::kIpv4 ? Family::kIpv6 : Family::kIpv4}) {
    const std::optional<IpAddress>& address = node.addresses.Of(family);
    if (address.has_value()) addresses.push_back(address->ToString());
  }
  const json whole = {{"name", node.name}, {"addresses", addresses}, {"zone", node.zone}};
  return whole.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

// nullopt: it is damaged.
std::optional<plan::OwnNode> FromText(const std::string& text) {
  const json whole = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!whole.is_object()) return std::nullopt;
  const json name = whole.value("name", json()), zone = whole.value("zone", json());
  const json addresses = whole.value("addresses", json());
  if (!name.is_string() || !zone.is_string() || !addresses.is_array() || addresses.empty()) {
    return std::nullopt;
  }
  plan::OwnNode node;
  node.name = name.get<std::string>();
  node.zone = zone.get<std::string>();
  for (const json& each : addresses) {
    if (!each.is_string()) return std::nullopt;
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(each.get<std::string>());
    if (!address.ok() || address->IsUnspecified()) return std::nullopt;
    if (&each == &addresses.front()) node.addresses.first = address->family();
    (address->family() == Family::kIpv4 ? node.addresses.ip4 : node.addresses.ip6) = *address;
  }
  return node;
}

}  // namespace

KnownNode::KnownNode(const std::string& state_directory, std::string node_name)
    : path_(state_directory + "/node.json"), name_(std::move(node_name)) {
  Read();
}

void KnownNode::Read() {
  absl::StatusOr<std::string> text = api::ReadSmallFile(path_);
  if (absl::IsNotFound(text.status())) return;
  std::optional<plan::OwnNode> node = text.ok() ? FromText(*text) : std::nullopt;
  if (!node.has_value()) {
    LogWarn("{}: {}; what the Node says is written there anew", path_,
            text.ok() ? "is damaged" : std::string(text.status().message()));
    return;
  }
  if (node->name != name_) return;
  known_ = std::move(node);
  written_ = *std::move(text);
}

absl::Status KnownNode::Follow(const kube::ObjectMap<kube::Node>& nodes, plan::NodePlan& plan) {
  if (nodes.find({"", name_}) == nodes.end()) {
    if (known_.has_value()) plan = plan::Recall(std::move(plan), *known_);
    return absl::OkStatus();
  }
  plan::OwnNode now = *plan.own;
  // A cloud's controller may not have given it any yet.
  if (!now.addresses.ip4.has_value() && !now.addresses.ip6.has_value()) return absl::OkStatus();
  now.pod_cidrs.clear();
  known_ = std::move(now);
  std::string text = ToText(*known_);
  if (text == written_) return absl::OkStatus();
  FL_RETURN_IF_ERROR(WriteFileDurably(path_, text));
  written_ = std::move(text);
  return absl::OkStatus();
}

}  // namespace fairlead
