// SPDX-License-Identifier: Apache-2.0
//
// Node: podCIDRs from spec, addresses from status, both from annotations where there are some.
#include <algorithm>
#include <string_view>

#include "base/status_macros.h"
#include "loader/kube/parse.h"
#include "loader/kube/sloppy_address.h"

namespace fairlead::kube {
namespace {

// The items of a list in a text. One that `parse` refuses is the field's failure.
template <typename T>
std::vector<T> ReadList(const FieldReader& field,
                        absl::StatusOr<T> (*parse)(std::string_view text)) {
  std::vector<T> items;
  const std::string text = field.Text();
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    std::string_view word = std::string_view(text).substr(start, end - start);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    const absl::StatusOr<T> item = parse(word);
    if (!item.ok()) {
      field.Fail(std::string(item.status().message()));
      return {};
    }
    items.push_back(*item);
    start = end + 1;
  }
  return items;
}

}  // namespace

absl::StatusOr<Node> ParseNode(JsonValue object) {
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
  const FieldReader metadata = root.Field("metadata");
  const FieldReader annotations = metadata.Field("annotations");
  const FieldReader pod_cidrs = annotations.Field(kPodCidrsAnnotation);
  ReplaceFamilies(node.pod_cidrs, ReadList(pod_cidrs, &ParseCidrSloppily));
  const FieldReader node_ips = annotations.Field(kNodeIpsAnnotation);
  ReplaceFamilies(node.internal_ips, ReadList(node_ips, &ParseAddressSloppily));
  FL_RETURN_IF_ERROR(error);
  return node;
}

}  // namespace fairlead::kube
