// SPDX-License-Identifier: Apache-2.0
//
// What kube-proxy has left in the host's firewall, and its removal:
//
//   nftables mode   table ip kube-proxy, table ip6 kube-proxy
//   iptables mode   chains KUBE-SERVICES, KUBE-SVC-… and the like, of the
//   and ipvs        tables nat, filter, mangle, and the jumps to them
//
// Nothing else is touched: not the kubelet's chains (KUBE-FIREWALL,
// KUBE-KUBELET-CANARY, KUBE-IPTABLES-HINT, KUBE-MARK-DROP), and no chain or
// rule of anybody else.
#ifndef FAIRLEAD_LOADER_NETFILTER_KUBE_PROXY_RULES_H_
#define FAIRLEAD_LOADER_NETFILTER_KUBE_PROXY_RULES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/netfilter/nftables.h"

namespace fairlead {

bool IsKubeProxyChain(std::string_view name);

struct KubeProxyRules {
  std::vector<std::string> tables;  // "ip kube-proxy"
  std::vector<std::string> chains;  // "ip nat KUBE-SERVICES"
  std::vector<std::string> jumps;   // "ip nat PREROUTING handle 7"

  bool empty() const { return tables.empty() && chains.empty() && jumps.empty(); }
};

absl::StatusOr<KubeProxyRules> FindKubeProxyRules(Nftables& nftables);

// In one transaction: afterwards all are gone, or none. The error names chains of others that
// lead to them: the kernel keeps what is led to.
absl::Status RemoveKubeProxyRules(Nftables& nftables, const KubeProxyRules& rules);

// The kernel translates connections, also those that exist, only as long as
// somebody has a chain of type nat, and tracks them only while some rule asks
// for it. This table, "fairlead", has both and decides nothing; it is for
// connections that outlive kube-proxy's rules.
absl::Status KeepTranslating(Nftables& nftables);
absl::Status StopTranslating(Nftables& nftables);  // a table that is not there is OK

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETFILTER_KUBE_PROXY_RULES_H_
