// SPDX-License-Identifier: Apache-2.0
//
// The user of a kubeconfig, and how it names files.
#ifndef FAIRLEAD_LOADER_API_KUBECONFIG_USER_H_
#define FAIRLEAD_LOADER_API_KUBECONFIG_USER_H_

#include <string>

#include "loader/api/access.h"
#include "loader/kube/field_reader.h"

namespace fairlead::api {

// `name` is a path, `name`-data the same in base64; both are a failure.
FileOrText ReadFileOrData(const kube::FieldReader& parent, const std::string& name,
                          const std::string& directory);

// A failure: more than one way to authenticate, or one that would be ignored.
User ReadUser(const kube::FieldReader& user, const std::string& directory);

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_KUBECONFIG_USER_H_
