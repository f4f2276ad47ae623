// SPDX-License-Identifier: Apache-2.0
//
// What a container runtime asks for: environment and standard input of a CNI
// plugin (CNI specification 1.1.0, section 2), checked and made into values.
// Pure: nothing is opened here.
#ifndef FAIRLEAD_CNI_CALL_H_
#define FAIRLEAD_CNI_CALL_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "cni/version.h"
#include "loader/pods/cni_protocol.h"

namespace fairlead {

// Longer configurations are not read.
inline constexpr size_t kLongestCniConfiguration = 1 << 20;

using Environment = std::map<std::string, std::string>;

struct CniCall {
  CniRequest request;
  std::string version;          // cniVersion, a supported one
  std::string netns_path;       // CNI_NETNS; ADD and CHECK only
  std::string socket;           // of the daemon
  std::string dns;              // the configuration's "dns" as JSON text; "" if none
  std::string previous_result;  // ADD in a chain: prevResult as JSON text; "" for the first plugin
  std::string attachments;      // GC: cni.dev/valid-attachments as JSON text
};

// The call, or why it is refused. `environment` holds CNI_COMMAND (not VERSION,
// which needs no more than VersionOf).
std::variant<CniCall, CniError> ParseCall(const Environment& environment,
                                          std::string_view configuration);

// Error 7 of the specification.
CniError InvalidConfiguration(std::string details);

}  // namespace fairlead

#endif  // FAIRLEAD_CNI_CALL_H_
