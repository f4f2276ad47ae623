// SPDX-License-Identifier: Apache-2.0
//
// Kubernetes objects as the lab sees them: plain JSON trees, because the lab
// passes on what it does not understand. (The daemon has typed ones.)
#ifndef FAIRLEAD_LAB_OBJECTS_H_
#define FAIRLEAD_LAB_OBJECTS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fairlead::lab {

using Object = nlohmann::json;

// All documents of a YAML or JSON text; `List` kinds are taken apart. Scalars
// get the types of YAML's core schema, as kubectl reads them.
absl::StatusOr<std::vector<Object>> ParseObjects(const std::string& text);

// What a manifest file is by its name: *.yaml, *.yml, *.json.
bool IsManifestFile(const std::string& file);

// The objects of all manifest files of a folder. A file that cannot be read or
// parsed fails the call, or is left out.
enum class BrokenFiles { kFail, kLeaveOut };
absl::StatusOr<std::vector<Object>> ReadObjects(const std::string& folder, BrokenFiles broken);

std::string KindOf(const Object& object);
std::string NameOf(const Object& object);
std::string NamespaceOf(const Object& object);  // "default" if it has none
// Text at a path like "/spec/nodeName", "" if there is none.
std::string TextAt(const Object& object, const std::string& pointer);
// The tree at a path; null if there is none.
const Object& At(const Object& object, const std::string& pointer);

std::string ToText(const Object& object);  // indented JSON with a final newline
Object MakeList(const std::vector<Object>& items);

// The Node object of a lab node.
Object MakeNode(const std::string& name, const std::vector<std::string>& addresses,
                const std::vector<std::string>& pod_cidrs);
Object MakeNamespaceObject(const std::string& name);
Object MakePod(const std::string& name, const std::string& node, const Object& labels,
               const Object& containers);

// Writes what the kubelet would: phase, addresses (none: still pending), and
// the Ready condition.
void SetPodStatus(Object& pod, const std::vector<std::string>& addresses, bool ready);

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_OBJECTS_H_
