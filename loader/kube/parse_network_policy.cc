// SPDX-License-Identifier: Apache-2.0
//
// NetworkPolicy: defaults and limits follow k8s.io/api/networking/v1 and its
// validation. A policy that is half understood would allow too much, or too
// little, so nothing doubtful is taken.
#include <fmt/format.h>

#include "base/status_macros.h"
#include "loader/kube/parse.h"

namespace fairlead::kube {
namespace {

constexpr int kMaxPort = 65535;

LabelRequirement ReadRequirement(const FieldReader& item) {
  LabelRequirement requirement;
  requirement.key = item.Field("key").RequiredText();
  const FieldReader word = item.Field("operator");
  if (!word.present()) word.Fail("is required");
  requirement.label_operator =
      word.OneOf<LabelOperator>({{"In", LabelOperator::kIn},
                                 {"NotIn", LabelOperator::kNotIn},
                                 {"Exists", LabelOperator::kExists},
                                 {"DoesNotExist", LabelOperator::kDoesNotExist}},
                                LabelOperator::kExists);
  const FieldReader values = item.Field("values");
  values.ForEachItem([&](const FieldReader& value) { requirement.values.push_back(value.Text()); });
  const bool compares = requirement.label_operator == LabelOperator::kIn ||
                        requirement.label_operator == LabelOperator::kNotIn;
  if (compares && requirement.values.empty()) values.Fail("must hold a value");
  if (!compares && !requirement.values.empty()) {
    values.Fail(fmt::format("must be empty, as the operator is {}", word.Text()));
  }
  return requirement;
}

LabelSelector ReadSelector(const FieldReader& field) {
  LabelSelector selector;
  selector.match_labels = ReadTexts(field.Field("matchLabels"));
  field.Field("matchExpressions").ForEachItem([&](const FieldReader& item) {
    selector.match_expressions.push_back(ReadRequirement(item));
  });
  return selector;
}

IpBlock ReadBlock(const FieldReader& field) {
  IpBlock block;
  const FieldReader cidr = field.Field("cidr");
  if (!cidr.present()) cidr.Fail("is required");
  block.cidr = cidr.Block();
  field.Field("except").ForEachItem([&](const FieldReader& item) {
    const Cidr except = item.Block();
    if (!block.cidr.Contains(except.address()) ||
        except.prefix_length() <= block.cidr.prefix_length()) {
      item.Fail(
          fmt::format("must lie inside of {}, is {}", block.cidr.ToString(), except.ToString()));
    }
    block.except.push_back(except);
  });
  return block;
}

PolicyPeer ReadPeer(const FieldReader& item) {
  PolicyPeer peer;
  const FieldReader pods = item.Field("podSelector");
  const FieldReader namespaces = item.Field("namespaceSelector");
  const FieldReader block = item.Field("ipBlock");
  if (pods.present()) peer.pods = ReadSelector(pods);
  if (namespaces.present()) peer.namespaces = ReadSelector(namespaces);
  if (block.present()) peer.block = ReadBlock(block);
  if (peer.block && (peer.pods || peer.namespaces)) block.Fail("cannot be beside a selector");
  if (!peer.block && !peer.pods && !peer.namespaces) item.Fail("must name a peer");
  return peer;
}

PolicyPort ReadPort(const FieldReader& item) {
  PolicyPort port;
  port.protocol = item.Field("protocol").TransportProtocol();
  const FieldReader number = item.Field("port");
  if (number.is_text()) {
    port.name = number.RequiredText();
  } else {
    port.port = static_cast<uint16_t>(number.Integer(1, kMaxPort, 0));
  }
  const FieldReader end = item.Field("endPort");
  port.end_port = static_cast<uint16_t>(end.Integer(1, kMaxPort, 0));
  if (end.present() && port.port == 0) end.Fail("needs a port that is a number");
  if (end.present() && port.end_port < port.port) {
    end.Fail(fmt::format("must not be less than the port, {}", port.port));
  }
  return port;
}

std::vector<PolicyRule> ReadRules(const FieldReader& field, const char* peers) {
  std::vector<PolicyRule> rules;
  field.ForEachItem([&](const FieldReader& item) {
    PolicyRule rule;
    item.Field("ports").ForEachItem(
        [&](const FieldReader& port) { rule.ports.push_back(ReadPort(port)); });
    item.Field(peers).ForEachItem(
        [&](const FieldReader& peer) { rule.peers.push_back(ReadPeer(peer)); });
    rules.push_back(std::move(rule));
  });
  return rules;
}

}  // namespace

absl::StatusOr<NetworkPolicy> ParseNetworkPolicy(JsonValue object) {
  absl::Status error;
  const FieldReader root(object, error);
  NetworkPolicy policy;
  policy.meta = ReadMeta(root, Kind::kNetworkPolicy);
  const FieldReader spec = root.Field("spec");
  policy.pods = ReadSelector(spec.Field("podSelector"));
  policy.ingress = ReadRules(spec.Field("ingress"), "from");
  policy.egress = ReadRules(spec.Field("egress"), "to");
  policy.isolates_egress = !policy.egress.empty();
  bool first = true;
  spec.Field("policyTypes").ForEachItem([&](const FieldReader& item) {
    if (std::exchange(first, false)) policy.isolates_ingress = policy.isolates_egress = false;
    bool& isolates = item.OneOf<bool>({{"Ingress", true}, {"Egress", false}}, true)
                         ? policy.isolates_ingress
                         : policy.isolates_egress;
    isolates = true;
  });
  FL_RETURN_IF_ERROR(error);
  return policy;
}

}  // namespace fairlead::kube
