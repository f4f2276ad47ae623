// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/object_store.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace fairlead::kube {

bool ObjectChanges::empty() const {
  return services.empty() && endpoint_slices.empty() && pods.empty() && nodes.empty() &&
         namespaces.empty() && service_cidrs.empty() && network_policies.empty() &&
         affected_services.empty();
}

bool ObjectStore::Put(const AnyObject& object, std::string_view source) {
  if (!source.empty() || !sources_.empty()) NoteSource(RefOf(object), source);
  return std::visit([this](const auto& pointer) { return PutInto(pointer); }, object);
}

bool ObjectStore::Erase(const ObjectRef& ref) {
  sources_.erase(ref);
  switch (ref.kind) {
    case Kind::kService:
      return EraseFrom<Service>(ref.name);
    case Kind::kEndpointSlice:
      return EraseFrom<EndpointSlice>(ref.name);
    case Kind::kPod:
      return EraseFrom<Pod>(ref.name);
    case Kind::kNode:
      return EraseFrom<Node>(ref.name);
    case Kind::kNamespace:
      return EraseFrom<Namespace>(ref.name);
    case Kind::kServiceCidr:
      return EraseFrom<ServiceCidr>(ref.name);
    case Kind::kNetworkPolicy:
      return EraseFrom<NetworkPolicy>(ref.name);
  }
  return false;
}

template <typename T>
bool ObjectStore::PutInto(const std::shared_ptr<const T>& object) {
  auto& map = std::get<ObjectMap<T>>(maps_);
  const auto [there, added] = map.Insert(object);
  if (!added && *there->second == *object) return false;
  if constexpr (std::is_same_v<T, EndpointSlice>) {
    if (!added) UnlinkSlice(*there->second);
    LinkSlice(*object);
  }
  if (!added) map.Replace(there, object);
  NoteChange(KindOf<T>(), object->meta.name);
  return true;
}

template <typename T>
bool ObjectStore::EraseFrom(const ObjectName& name) {
  auto& map = std::get<ObjectMap<T>>(maps_);
  const auto entry = map.find(name);
  if (entry == map.end()) return false;
  const std::shared_ptr<const T> gone = entry->second;
  if constexpr (std::is_same_v<T, EndpointSlice>) UnlinkSlice(*gone);
  map.Erase(entry);
  NoteChange(KindOf<T>(), gone->meta.name);
  return true;
}

void ObjectStore::NoteSource(const ObjectRef& ref, std::string_view source) {
  if (source.empty()) {
    sources_.erase(ref);
  } else {
    sources_[ref] = source;
  }
}

void ObjectStore::NoteChange(Kind kind, const ObjectName& name) {
  ++revision_;
  ChangesOf(kind).insert(name);
  if (kind == Kind::kService) changes_.affected_services.insert(name);
}

ObjectChanges::Names& ObjectStore::ChangesOf(Kind kind) {
  switch (kind) {
    case Kind::kService:
      break;
    case Kind::kEndpointSlice:
      return changes_.endpoint_slices;
    case Kind::kPod:
      return changes_.pods;
    case Kind::kNode:
      return changes_.nodes;
    case Kind::kNamespace:
      return changes_.namespaces;
    case Kind::kServiceCidr:
      return changes_.service_cidrs;
    case Kind::kNetworkPolicy:
      return changes_.network_policies;
  }
  return changes_.services;
}

bool ObjectStore::Holds(const AnyObject& object) const {
  return std::visit(
      [this]<typename T>(const std::shared_ptr<const T>& pointer) {
        const auto& map = std::get<ObjectMap<T>>(maps_);
        const auto found = map.find(pointer->meta.name);
        return found != map.end() && *found->second == *pointer;
      },
      object);
}

template <typename Visit>
void ObjectStore::VisitMap(Kind kind, Visit visit) const {
  const auto try_one = [&](const auto& map) {
    using Object = std::decay_t<decltype(map)>::Pointer::element_type;
    if (KindOf<std::remove_const_t<Object>>() == kind) visit(map);
  };
  std::apply([&](const auto&... map) { (try_one(map), ...); }, maps_);
}

size_t ObjectStore::CountOf(Kind kind) const {
  size_t count = 0;
  VisitMap(kind, [&](const auto& map) { count = map.size(); });
  return count;
}

std::vector<ObjectName> ObjectStore::NamesOf(Kind kind) const {
  std::vector<ObjectName> names;
  VisitMap(kind, [&](const auto& map) {
    names.reserve(map.size());
    for (const auto& [name, object] : map) names.push_back(name);
  });
  return names;
}

void ObjectStore::LinkSlice(const EndpointSlice& slice) {
  const ObjectName service = ServiceOf(slice);
  if (service.name.empty()) return;
  std::vector<const EndpointSlice*>& linked = slices_of_service_[service];
  linked.insert(std::ranges::lower_bound(
                    linked, slice.meta.name, {},
                    [](const EndpointSlice* one) -> const ObjectName& { return one->meta.name; }),
                &slice);
  changes_.affected_services.insert(service);
}

void ObjectStore::UnlinkSlice(const EndpointSlice& slice) {
  const ObjectName service = ServiceOf(slice);
  const auto linked = slices_of_service_.find(service);
  if (linked == slices_of_service_.end()) return;
  std::erase(linked->second, &slice);
  if (linked->second.empty()) slices_of_service_.erase(linked);
  changes_.affected_services.insert(service);
}

std::vector<const EndpointSlice*> ObjectStore::SlicesOf(const ObjectName& service) const {
  const auto linked = slices_of_service_.find(service);
  return linked == slices_of_service_.end() ? std::vector<const EndpointSlice*>() : linked->second;
}

std::string ObjectStore::SourceOf(const ObjectRef& ref) const {
  const auto found = sources_.find(ref);
  return found == sources_.end() ? "" : found->second;
}

ObjectChanges ObjectStore::TakeChanges() { return std::exchange(changes_, {}); }

}  // namespace fairlead::kube
