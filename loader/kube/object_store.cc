// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/object_store.h"

#include <type_traits>
#include <utility>

namespace fairlead::kube {

bool ObjectChanges::empty() const {
  return services.empty() && endpoint_slices.empty() && pods.empty() && nodes.empty() &&
         namespaces.empty() && service_cidrs.empty() && affected_services.empty();
}

bool ObjectStore::Put(const AnyObject& object, std::string_view source) {
  NoteSource(RefOf(object), source);
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
  }
  return false;
}

template <typename T>
bool ObjectStore::PutInto(const std::shared_ptr<const T>& object) {
  auto [entry, added] = std::get<ObjectMap<T>>(maps_).try_emplace(object->meta.name, object);
  if (!added && *entry->second == *object) return false;
  if constexpr (std::is_same_v<T, EndpointSlice>) {
    if (!added) UnlinkSlice(*entry->second);
    LinkSlice(*object);
  }
  entry->second = object;
  NoteChange(static_cast<Kind>(AnyObject(object).index()), object->meta.name);
  return true;
}

template <typename T>
bool ObjectStore::EraseFrom(const ObjectName& name) {
  auto& map = std::get<ObjectMap<T>>(maps_);
  const auto entry = map.find(name);
  if (entry == map.end()) return false;
  const std::shared_ptr<const T> gone = entry->second;
  if constexpr (std::is_same_v<T, EndpointSlice>) UnlinkSlice(*gone);
  map.erase(entry);
  NoteChange(static_cast<Kind>(AnyObject(gone).index()), gone->meta.name);
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
  switch (kind) {
    case Kind::kService:
      changes_.services.insert(name);
      changes_.affected_services.insert(name);
      break;
    case Kind::kEndpointSlice:
      changes_.endpoint_slices.insert(name);
      break;
    case Kind::kPod:
      changes_.pods.insert(name);
      break;
    case Kind::kNode:
      changes_.nodes.insert(name);
      break;
    case Kind::kNamespace:
      changes_.namespaces.insert(name);
      break;
    case Kind::kServiceCidr:
      changes_.service_cidrs.insert(name);
      break;
  }
}

void ObjectStore::LinkSlice(const EndpointSlice& slice) {
  const ObjectName service = ServiceOf(slice);
  if (service.name.empty()) return;
  slices_of_service_[service].insert(slice.meta.name);
  changes_.affected_services.insert(service);
}

void ObjectStore::UnlinkSlice(const EndpointSlice& slice) {
  const ObjectName service = ServiceOf(slice);
  const auto linked = slices_of_service_.find(service);
  if (linked == slices_of_service_.end()) return;
  linked->second.erase(slice.meta.name);
  if (linked->second.empty()) slices_of_service_.erase(linked);
  changes_.affected_services.insert(service);
}

std::vector<const EndpointSlice*> ObjectStore::SlicesOf(const ObjectName& service) const {
  std::vector<const EndpointSlice*> slices;
  const auto linked = slices_of_service_.find(service);
  if (linked == slices_of_service_.end()) return slices;
  for (const ObjectName& name : linked->second) {
    slices.push_back(endpoint_slices().at(name).get());
  }
  return slices;
}

std::string ObjectStore::SourceOf(const ObjectRef& ref) const {
  const auto found = sources_.find(ref);
  return found == sources_.end() ? "" : found->second;
}

ObjectChanges ObjectStore::TakeChanges() { return std::exchange(changes_, {}); }

}  // namespace fairlead::kube
