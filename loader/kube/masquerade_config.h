// SPDX-License-Identifier: Apache-2.0
//
// The configuration of ip-masq-agent (kubernetes-sigs), YAML or JSON:
//
//   nonMasqueradeCIDRs: [10.0.0.0/8, fd00::/8]
//   masqLinkLocal: false
//   masqLinkLocalIPv6: false
//   resyncInterval: 60s
#ifndef FAIRLEAD_LOADER_KUBE_MASQUERADE_CONFIG_H_
#define FAIRLEAD_LOADER_KUBE_MASQUERADE_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"

namespace fairlead::kube {

struct MasqueradeConfig {
  std::vector<Cidr> non_masquerade_cidrs;
  bool masq_link_local = false;
  bool masq_link_local_ipv6 = false;
  // resyncInterval is read and has no meaning: changes are noticed at once.

  friend bool operator==(const MasqueradeConfig&, const MasqueradeConfig&) = default;
};

// More blocks than anybody lists are refused.
inline constexpr size_t kMostMasqueradeCidrs = 1024;

// InvalidArgument, naming field or line. A key that ip-masq-agent does not have
// is an error: a misspelt one would silently masquerade everything. An empty
// text is an empty configuration.
absl::StatusOr<MasqueradeConfig> ParseMasqueradeConfig(const std::string& text);

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_MASQUERADE_CONFIG_H_
