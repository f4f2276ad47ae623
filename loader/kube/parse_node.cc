// SPDX-License-Identifier: Apache-2.0
//
// Node: podCIDRs from spec, addresses from status.
#include "base/status_macros.h"
#include "loader/kube/parse.h"

namespace fairlead::kube {

absl::StatusOr<Node> ParseNode(const nlohmann::json& object) {
  absl::Status error;
  const FieldReader root(object, error);
  Node node;
  node.meta = ReadMeta(root, Kind::kNode);
  const FieldReader spec = root.Field("spec");
  spec.Field("podCIDRs").ForEachItem([&](const FieldReader& item) {
    node.pod_cidrs.push_back(item.Block());
  });
  const FieldReader only = spec.Field("podCIDR");
  if (node.pod_cidrs.empty() && !only.Text().empty()) node.pod_cidrs.push_back(only.Block());
  spec.Field("taints").ForEachItem([&](const FieldReader& item) {
    node.taints.push_back({item.Field("key").RequiredText(), item.Field("value").Text(),
                           item.Field("effect").Text()});
  });
  const FieldReader status = root.Field("status");
  status.Field("addresses").ForEachItem([&](const FieldReader& item) {
    if (item.Field("type").Text() != "InternalIP") return;
    const FieldReader address = item.Field("address");
    if (address.RequiredText().empty()) return;
    node.internal_ips.push_back(address.Address());
  });
  FL_RETURN_IF_ERROR(error);
  return node;
}

}  // namespace fairlead::kube
