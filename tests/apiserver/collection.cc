// SPDX-License-Identifier: Apache-2.0
//
// See collection.h.
#include "tests/apiserver/collection.h"

#include <algorithm>
#include <charconv>

namespace fairlead::apiserver {

bool Collection::Contains(const Object& object) const {
  if (!space.empty() && !object.key.starts_with(space + "/")) return false;
  return labels.Matches(object.labels) && fields.Matches(object.fields);
}

CollectionOrStatus MakeCollection(const Resource& resource, const std::string& space,
                                  const Target& target) {
  const auto labels = Selector::Parse(target.Option("labelSelector"));
  if (!labels.ok()) return BadRequest(std::string(labels.status().message()));
  const auto fields = Selector::Parse(target.Option("fieldSelector"));
  if (!fields.ok()) return BadRequest(std::string(fields.status().message()));
  for (const std::string& key : fields->Keys()) {
    const bool known = key == "metadata.name" ||
                       (resource.namespaced && key == "metadata.namespace") ||
                       (!key.empty() && std::ranges::find(resource.selectable_fields, key) !=
                                            resource.selectable_fields.end());
    if (!known) return BadRequest("field label not supported: " + key);
  }
  return Collection{&resource, space, *labels, *fields};
}

std::optional<Version> ParseVersion(const std::string& text) {
  Version version = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, version);
  if (error != std::errc() || at != end) return std::nullopt;
  return version;
}

}  // namespace fairlead::apiserver
