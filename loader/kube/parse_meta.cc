// SPDX-License-Identifier: Apache-2.0
//
// metadata, and the kind that has nothing else.
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "loader/kube/parse.h"

namespace fairlead::kube {
namespace {

constexpr char kLastApplied[] = "kubectl.kubernetes.io/last-applied-configuration";

}  // namespace

TextMap ReadTexts(const FieldReader& field) {
  std::vector<TextMap::value_type> texts;
  if (field.present()) texts.reserve(8);
  field.ForEachMember([&](std::string_view key, const FieldReader& value) {
    if (key != kLastApplied) texts.emplace_back(key, value.View());
  });
  return TextMap(std::move(texts));
}

ObjectMeta ReadMeta(const FieldReader& object, Kind kind) {
  const FieldReader metadata = object.Field("metadata");
  ObjectMeta meta;
  meta.name.name = metadata.Field("name").RequiredText();
  if (IsNamespaced(kind)) {
    meta.name.name_space = metadata.Field("namespace").Text();
    if (meta.name.name_space.empty()) meta.name.name_space = "default";
  }
  meta.deleting = metadata.Field("deletionTimestamp").present();
  meta.labels = ReadTexts(metadata.Field("labels"));
  if (kind == Kind::kService || kind == Kind::kNode) {
    meta.creation_timestamp = metadata.Field("creationTimestamp").View();
  }
  // Many a controller writes into those of Nodes, which would be a change each time.
  if (kind == Kind::kService || kind == Kind::kEndpointSlice) {
    meta.annotations = ReadTexts(metadata.Field("annotations"));
  }
  return meta;
}

absl::StatusOr<Namespace> ParseNamespace(JsonValue object) {
  absl::Status error;
  const FieldReader root(object, error);
  Namespace name_space;
  name_space.meta = ReadMeta(root, Kind::kNamespace);
  name_space.meta.labels.Set(kNamespaceNameLabel, name_space.meta.name.name);
  FL_RETURN_IF_ERROR(error);
  return name_space;
}

absl::StatusOr<ServiceCidr> ParseServiceCidr(JsonValue object) {
  absl::Status error;
  const FieldReader root(object, error);
  ServiceCidr service_cidr;
  service_cidr.meta = ReadMeta(root, Kind::kServiceCidr);
  const FieldReader spec = root.Field("spec");
  spec.Field("cidrs").ForEachItem(
      [&](const FieldReader& item) { service_cidr.cidrs.push_back(item.Block()); });
  FL_RETURN_IF_ERROR(error);
  return service_cidr;
}

}  // namespace fairlead::kube
