// SPDX-License-Identifier: Apache-2.0
//
// The kinds that the server knows, and what differs between them.
#ifndef FAIRLEAD_TESTS_APISERVER_RESOURCE_H_
#define FAIRLEAD_TESTS_APISERVER_RESOURCE_H_

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace fairlead::apiserver {

struct Resource {
  std::string_view group;  // "" for the core group
  std::string_view version;
  std::string_view plural;
  std::string_view singular;
  std::string_view kind;
  std::string_view short_name;  // of kubectl; may be empty
  bool namespaced = true;
  bool has_status = false;  // a subresource of its own
  // What a Go struct without values has behind its metadata, as in bookmarks; begins with a comma.
  std::string_view empty_fields;
  // "spec.nodeName", beside metadata.name and metadata.namespace; empty ones are none.
  std::array<std::string_view, 2> selectable_fields = {};

  // "v1", "discovery.k8s.io/v1"
  std::string GroupVersion() const;
  // "services", "endpointslices.discovery.k8s.io"
  std::string QualifiedName() const;
};

std::span<const Resource> Resources();
// Null if there is none.
const Resource* FindResource(std::string_view group, std::string_view version,
                             std::string_view plural);
const Resource* FindKind(std::string_view group_version, std::string_view kind);
// The only one of this name.
const Resource& ResourceOf(std::string_view plural);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_RESOURCE_H_
