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

std::ostream& operator<<(std::ostream& os, const ObjectName& name) { return os << name.ToString(); }
std::ostream& operator<<(std::ostream& os, const ObjectRef& ref) { return os << ref.ToString(); }

}  // namespace fairlead::kube
