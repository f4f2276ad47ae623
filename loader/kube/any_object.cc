// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/any_object.h"

#include <utility>

#include "base/status_macros.h"
#include "loader/kube/parse.h"

namespace fairlead::kube {
namespace {

template <typename T>
absl::StatusOr<AnyObject> Shared(absl::StatusOr<T> object) {
  FL_RETURN_IF_ERROR(object.status());
  return AnyObject(std::make_shared<const T>(*std::move(object)));
}

}  // namespace

const char* ApiVersionOf(Kind kind) {
  switch (kind) {
    case Kind::kEndpointSlice:
      return "discovery.k8s.io/v1";
    case Kind::kServiceCidr:
    case Kind::kNetworkPolicy:
      return "networking.k8s.io/v1";
    default:
      return "v1";
  }
}

const ObjectName& NameOf(const AnyObject& object) {
  return std::visit([](const auto& pointer) -> const ObjectName& { return pointer->meta.name; },
                    object);
}

ObjectRef RefOf(const AnyObject& object) {
  return {static_cast<Kind>(object.index()), NameOf(object)};
}

bool SameObject(const AnyObject& a, const AnyObject& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&b](const auto& pointer) {
        return *pointer == *std::get<std::decay_t<decltype(pointer)>>(b);
      },
      a);
}

std::optional<Kind> FindKind(std::string_view api_version, std::string_view kind) {
  for (const Kind known : kAllKinds) {
    if (kind == KindName(known) && api_version == ApiVersionOf(known)) return known;
  }
  return std::nullopt;
}

absl::StatusOr<AnyObject> ParseObject(Kind kind, JsonValue object) {
  switch (kind) {
    case Kind::kService:
      return Shared(ParseService(object));
    case Kind::kEndpointSlice:
      return Shared(ParseEndpointSlice(object));
    case Kind::kPod:
      return Shared(ParsePod(object));
    case Kind::kNode:
      return Shared(ParseNode(object));
    case Kind::kNamespace:
      return Shared(ParseNamespace(object));
    case Kind::kServiceCidr:
      return Shared(ParseServiceCidr(object));
    case Kind::kNetworkPolicy:
      return Shared(ParseNetworkPolicy(object));
  }
  return absl::InternalError("unknown kind");
}

}  // namespace fairlead::kube
