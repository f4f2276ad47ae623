// SPDX-License-Identifier: Apache-2.0
//
// Versions of the CNI specification, and what came with which of them.
#ifndef FAIRLEAD_CNI_VERSION_H_
#define FAIRLEAD_CNI_VERSION_H_

#include <string>
#include <string_view>

#include "loader/pods/cni_protocol.h"

namespace fairlead {

// Oldest first. Before 0.3.0 a result had one address and no interface.
inline constexpr const char* kCniVersions[] = {"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"};
inline constexpr char kNewestCniVersion[] = "1.1.0";

bool IsSupportedCniVersion(std::string_view version);
// Whether `version` is `other` or newer; both are supported.
bool IsCniVersionFrom(std::string_view version, std::string_view other);
// The version that brought a command: "0.4.0" for CHECK.
const char* VersionThatBrought(CniCommand command);

// The version to answer in: the configuration's if it is readable and
// supported, else the newest one.
std::string VersionOf(std::string_view configuration);

}  // namespace fairlead

#endif  // FAIRLEAD_CNI_VERSION_H_
