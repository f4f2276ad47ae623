// SPDX-License-Identifier: Apache-2.0
//
// What fairleadd writes to an API server, as RBAC names it. What it reads is in
// resource.h. Both are compared with the ClusterRole of deploy/.
#ifndef FAIRLEAD_LOADER_API_RIGHTS_H_
#define FAIRLEAD_LOADER_API_RIGHTS_H_

#include <string>
#include <string_view>

#include "base/log.h"

namespace fairlead::api {

struct Right {
  std::string_view group;
  std::string_view resource;
  std::string_view verb;
};

inline constexpr Right kWritesNodeStatus{"", "nodes/status", "patch"};
inline constexpr Right kWritesEvents{"events.k8s.io", "events", "create"};

// For who does without it.
inline void LogMissing(const Right& right, int code, const std::string& answer) {
  LogWarn("the API server does not let us {} {}{}{} ({}), so that is left: {}", right.verb,
          right.resource, right.group.empty() ? "" : " in ", right.group, code, answer);
}

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_RIGHTS_H_
