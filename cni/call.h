// SPDX-License-Identifier: Apache-2.0
//
// What a container runtime asks for: environment and standard input of a CNI
// plugin (CNI specification 1.1.0, section 2), checked and made into values.
// Pure: nothing is opened here.
#ifndef FAIRLEAD_CNI_CALL_H_
#define FAIRLEAD_CNI_CALL_H_

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "loader/pods/cni_protocol.h"

namespace fairlead {

// Versions of the specification, oldest first; results differ per version only
// in result.cc.
inline constexpr const char* kCniVersions[] = {"1.0.0", "1.1.0"};
inline constexpr char kNewestCniVersion[] = "1.1.0";
bool IsSupportedCniVersion(std::string_view version);

// Longer configurations are not read.
inline constexpr size_t kLongestCniConfiguration = 1 << 20;

using Environment = std::map<std::string, std::string>;

struct CniCall {
  CniRequest request;
  std::string version;     // cniVersion, a supported one
  std::string netns_path;  // CNI_NETNS; ADD only
  std::string socket;      // of the daemon
  std::string dns;         // the configuration's "dns" as JSON text, to be passed on; "" if none
};

// The call, or why it is refused. `environment` holds CNI_COMMAND (not VERSION,
// which needs no more than VersionOf).
std::variant<CniCall, CniError> ParseCall(const Environment& environment,
                                          std::string_view configuration);

// The version to answer in: the configuration's if it is readable and
// supported, else the newest one.
std::string VersionOf(std::string_view configuration);

}  // namespace fairlead

#endif  // FAIRLEAD_CNI_CALL_H_
