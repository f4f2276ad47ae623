// SPDX-License-Identifier: Apache-2.0
//
// The last known objects of the cluster, as the source told them, and what has
// changed since somebody last asked. Sources write it, the controller reads it
// and plans again only what TakeChanges() names. Not thread-safe: it belongs to
// the thread that owns the state.
#ifndef FAIRLEAD_LOADER_KUBE_OBJECT_STORE_H_
#define FAIRLEAD_LOADER_KUBE_OBJECT_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "loader/kube/any_object.h"
#include "loader/kube/object_map.h"

namespace fairlead::kube {

// Names of objects that were added, changed or removed.
struct ObjectChanges {
  using Names = absl::btree_set<ObjectName>;
  Names services;
  Names endpoint_slices;
  Names pods;
  Names nodes;
  Names namespaces;
  Names service_cidrs;
  Names network_policies;
  // Services whose plan may differ: changed themselves, or a slice joined, left
  // or changed. Contains `services`; may name a Service that does not exist.
  Names affected_services;

  bool empty() const;
};

class ObjectStore {
 public:
  // Adds or replaces. `source` says where the object comes from ("shop.yaml: document 2"), for
  // people. False if the store already held an equal object: then nothing has changed.
  bool Put(const AnyObject& object, std::string_view source);
  // False if it was not there.
  bool Erase(const ObjectRef& ref);

  const ObjectMap<Service>& services() const { return std::get<ObjectMap<Service>>(maps_); }
  const ObjectMap<EndpointSlice>& endpoint_slices() const {
    return std::get<ObjectMap<EndpointSlice>>(maps_);
  }
  const ObjectMap<Pod>& pods() const { return std::get<ObjectMap<Pod>>(maps_); }
  const ObjectMap<Node>& nodes() const { return std::get<ObjectMap<Node>>(maps_); }
  const ObjectMap<Namespace>& namespaces() const { return std::get<ObjectMap<Namespace>>(maps_); }
  const ObjectMap<ServiceCidr>& service_cidrs() const {
    return std::get<ObjectMap<ServiceCidr>>(maps_);
  }
  const ObjectMap<NetworkPolicy>& network_policies() const {
    return std::get<ObjectMap<NetworkPolicy>>(maps_);
  }

  // Whether the store has an equal object.
  bool Holds(const AnyObject& object) const;
  size_t CountOf(Kind kind) const;
  std::vector<ObjectName> NamesOf(Kind kind) const;

  // The slices that name this Service in their label, by name. Price: their number.
  std::vector<const EndpointSlice*> SlicesOf(const ObjectName& service) const;

  // Where the object came from; empty if it is not there or its source has no name.
  std::string SourceOf(const ObjectRef& ref) const;

  // Counts changes since the store was made.
  uint64_t revision() const { return revision_; }
  // What has changed since the last call.
  ObjectChanges TakeChanges();

 private:
  template <typename T>
  bool PutInto(const std::shared_ptr<const T>& object);
  template <typename T>
  bool EraseFrom(const ObjectName& name);
  template <typename Visit>
  void VisitMap(Kind kind, Visit visit) const;
  ObjectChanges::Names& ChangesOf(Kind kind);
  void NoteSource(const ObjectRef& ref, std::string_view source);
  void NoteChange(Kind kind, const ObjectName& name);
  void LinkSlice(const EndpointSlice& slice);
  void UnlinkSlice(const EndpointSlice& slice);

  std::tuple<ObjectMap<Service>, ObjectMap<EndpointSlice>, ObjectMap<Pod>, ObjectMap<Node>,
             ObjectMap<Namespace>, ObjectMap<ServiceCidr>, ObjectMap<NetworkPolicy>>
      maps_;
  absl::btree_map<ObjectName, std::vector<const EndpointSlice*>> slices_of_service_;  // by name
  absl::btree_map<ObjectRef, std::string> sources_;  // only those that have a name
  ObjectChanges changes_;
  uint64_t revision_ = 0;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_OBJECT_STORE_H_
