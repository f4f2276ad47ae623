// SPDX-License-Identifier: Apache-2.0
//
// The rules that kube-proxy 1.36 writes for a cluster, in its two modes: the same
// tables, chains, maps and marks, in the same transactions.
// kube_proxy_rules_test.cc holds those for IPv4 against what a real one wrote;
// those for IPv6 are in the same form.
//
// Left out: the counters of nfacct, which not every kernel has.
#ifndef FAIRLEAD_BENCH_SERVICES_KUBE_PROXY_RULES_H_
#define FAIRLEAD_BENCH_SERVICES_KUBE_PROXY_RULES_H_

#include <string>

#include "bench/services/cluster.h"

namespace fairlead::bench {

// What `nft -f -` reads: the first sync, and the one after the endpoints of
// `service` have changed from `before` to what it has now.
std::string NftablesRules(const Cluster& cluster);
std::string NftablesChange(const Cluster& cluster, const Service& service,
                           const std::vector<Backend>& before);

// What `iptables-restore --noflush` reads, or `ip6tables-restore`. A sync after a change leaves out
// the chains of Services that are as they were, but not KUBE-SERVICES, which leads to all of them.
std::string IptablesRules(const Cluster& cluster);
std::string IptablesChange(const Cluster& cluster, const Service& service);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_SERVICES_KUBE_PROXY_RULES_H_
