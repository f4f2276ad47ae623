// SPDX-License-Identifier: Apache-2.0
//
// Cluster state from an API server: a reflector for each kind that the
// configuration needs, into one store.
//
//   Services ───────┐
//   EndpointSlices ─┤ all listed      then each change
//   Nodes ──────────┼────────────▶ store ─────────────▶ changed()
//   … ──────────────┘
//
// The store stays as it is until everything that is required has been listed
// once; then it gets all of it, at once. After that it only follows.
#ifndef FAIRLEAD_LOADER_API_API_SOURCE_H_
#define FAIRLEAD_LOADER_API_API_SOURCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loader/api/reflector.h"

namespace fairlead::api {

class ApiSource {
 public:
  // Told of the reflector that brought the change, or the last one of the first lists.
  using Changed = std::function<void(const Reflector& by)>;

  // `changed` is called when the store has changed: once for each piece of an answer that has
  // changes, however many. All must outlive the source.
  ApiSource(const Needs& needs, Transport& transport, Clock& clock, kube::ObjectStore& store,
            uint64_t seed, Changed changed);

  void Start();

  // The store holds what the server has. Never false again.
  bool synced() const { return synced_; }
  // Which kinds are waited for: "services, nodes". "" once synced.
  std::string Missing() const;
  // Everything that is wrong now.
  std::vector<std::string> problems() const;
  // Of those that the server has now, some could not be read.
  bool has_broken_objects() const;
  const std::vector<std::unique_ptr<Reflector>>& reflectors() const { return reflectors_; }

 private:
  void Heard(const Reflector& reflector);

  kube::ObjectStore& store_;
  const Changed changed_;
  std::vector<std::unique_ptr<Reflector>> reflectors_;
  bool synced_ = false;
  // As the owner knows it:
  uint64_t revision_ = 0;  // of the store
  bool had_broken_objects_ = false;
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_API_SOURCE_H_
