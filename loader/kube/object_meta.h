// SPDX-License-Identifier: Apache-2.0
//
// What every Kubernetes object has: a kind, a name, labels. The kinds listed
// here are all that fairlead reads; objects of other kinds are never parsed.
#ifndef FAIRLEAD_LOADER_KUBE_OBJECT_META_H_
#define FAIRLEAD_LOADER_KUBE_OBJECT_META_H_

#include <compare>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "loader/kube/shared_text.h"
#include "loader/kube/text_map.h"

namespace fairlead::kube {

enum class Kind : uint8_t {
  kService,
  kEndpointSlice,
  kPod,
  kNode,
  kNamespace,
  kServiceCidr,
  kNetworkPolicy
};
inline constexpr Kind kAllKinds[] = {Kind::kService,      Kind::kEndpointSlice, Kind::kPod,
                                     Kind::kNode,         Kind::kNamespace,     Kind::kServiceCidr,
                                     Kind::kNetworkPolicy};
const char* KindName(Kind kind);  // as in `kind:`, "EndpointSlice"
bool IsNamespaced(Kind kind);

// metadata.namespace (empty for cluster-scoped kinds) and metadata.name.
struct ObjectName {
  std::string name_space;
  std::string name;

  std::string ToString() const;  // "shop/web"; "node1" if cluster-scoped
  friend auto operator<=>(const ObjectName&, const ObjectName&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const ObjectName& n) {
    return H::combine(std::move(h), n.name_space, n.name);
  }
};

// One object among all kinds.
struct ObjectRef {
  Kind kind = Kind::kService;
  ObjectName name;

  std::string ToString() const;  // "Service shop/web"
  friend auto operator<=>(const ObjectRef&, const ObjectRef&) = default;
};

// The part of metadata that fairlead uses, of each kind as much as somebody reads.
// `kubectl.kubernetes.io/last-applied-configuration` is left out of `annotations`: it is a second
// copy of the object.
struct ObjectMeta {
  ObjectName name;
  // RFC 3339 in UTC, so it sorts as text; empty if unknown. Of Services and Nodes.
  SharedText creation_timestamp;
  bool deleting = false;  // deletionTimestamp is set
  TextMap labels;
  TextMap annotations;  // of Services and EndpointSlices

  friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

std::ostream& operator<<(std::ostream& os, const ObjectName& name);
std::ostream& operator<<(std::ostream& os, const ObjectRef& ref);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_OBJECT_META_H_
