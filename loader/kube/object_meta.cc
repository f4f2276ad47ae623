// SPDX-License-Identifier: Apache-2.0
//
// Names and texts of objects, as error messages show them.
#include "loader/kube/object_meta.h"

#include <fmt/format.h>

namespace fairlead::kube {

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kService:
      return "Service";
    case Kind::kEndpointSlice:
      return "EndpointSlice";
    case Kind::kPod:
      return "Pod";
    case Kind::kNode:
      return "Node";
    case Kind::kNamespace:
      return "Namespace";
    case Kind::kServiceCidr:
      return "ServiceCIDR";
    case Kind::kNetworkPolicy:
      return "NetworkPolicy";
  }
  return "?";
}

bool IsNamespaced(Kind kind) {
  return kind != Kind::kNode && kind != Kind::kNamespace && kind != Kind::kServiceCidr;
}

std::string ObjectName::ToString() const {
  return name_space.empty() ? name : fmt::format("{}/{}", name_space, name);
}

std::string ObjectRef::ToString() const {
  return fmt::format("{} {}", KindName(kind), name.ToString());
}

namespace {

const std::string* Find(const StringMap& map, std::string_view key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

const std::string* FindLabel(const ObjectMeta& meta, std::string_view key) {
  return Find(meta.labels, key);
}

const std::string* FindAnnotation(const ObjectMeta& meta, std::string_view key) {
  return Find(meta.annotations, key);
}

std::ostream& operator<<(std::ostream& os, const ObjectName& name) { return os << name.ToString(); }
std::ostream& operator<<(std::ostream& os, const ObjectRef& ref) { return os << ref.ToString(); }

}  // namespace fairlead::kube
