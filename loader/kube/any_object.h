// SPDX-License-Identifier: Apache-2.0
//
// A parsed object of any kind, for the code that moves objects about without
// looking into them. Objects are immutable and shared: a source, the store and
// a reader on another thread hold the same one.
#ifndef FAIRLEAD_LOADER_KUBE_ANY_OBJECT_H_
#define FAIRLEAD_LOADER_KUBE_ANY_OBJECT_H_

#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>

#include "absl/status/statusor.h"
#include "loader/kube/endpoint_slice.h"
#include "loader/kube/json_value.h"
#include "loader/kube/namespace.h"
#include "loader/kube/network_policy.h"
#include "loader/kube/node.h"
#include "loader/kube/object_meta.h"
#include "loader/kube/pod.h"
#include "loader/kube/service.h"
#include "loader/kube/service_cidr.h"

namespace fairlead::kube {

// In the order of enum Kind. Never null.
using AnyObject = std::variant<std::shared_ptr<const Service>, std::shared_ptr<const EndpointSlice>,
                               std::shared_ptr<const Pod>, std::shared_ptr<const Node>,
                               std::shared_ptr<const Namespace>, std::shared_ptr<const ServiceCidr>,
                               std::shared_ptr<const NetworkPolicy>>;

// The kind of this type.
template <typename T, size_t kIndex = 0>
constexpr Kind KindOf() {
  using Pointer = std::variant_alternative_t<kIndex, AnyObject>;
  if constexpr (std::is_same_v<Pointer, std::shared_ptr<const T>>) {
    return static_cast<Kind>(kIndex);
  } else {
    return KindOf<T, kIndex + 1>();
  }
}

const ObjectName& NameOf(const AnyObject& object);
ObjectRef RefOf(const AnyObject& object);

// By value, not by pointer.
bool SameObject(const AnyObject& a, const AnyObject& b);

// The kind that fairlead reads under this apiVersion and kind; nothing for every other type
// ("serving.knative.dev/v1 Service" is not a Service).
std::optional<Kind> FindKind(std::string_view api_version, std::string_view kind);

// "discovery.k8s.io/v1"
const char* ApiVersionOf(Kind kind);

absl::StatusOr<AnyObject> ParseObject(Kind kind, JsonValue object);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_ANY_OBJECT_H_
