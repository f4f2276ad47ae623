// SPDX-License-Identifier: Apache-2.0
//
// kubectl's configuration file → Access. Only the current context is looked at;
// what does not concern it may be wrong. What kubectl refuses is refused, with the
// field and what to do; what would be ignored silently and changes who we are, too.
#ifndef FAIRLEAD_LOADER_API_KUBECONFIG_H_
#define FAIRLEAD_LOADER_API_KUBECONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "loader/api/access.h"

namespace fairlead::api {

// `path` may be 1 MiB long. Errors name it. Files that it refers to are not read, but for the
// authority that a plugin wants to know.
absl::StatusOr<Access> ReadKubeconfig(const std::string& path);

// Of its text; paths in it are relative to `directory`.
absl::StatusOr<Access> ParseKubeconfig(const std::string& text, const std::string& directory);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_KUBECONFIG_H_
