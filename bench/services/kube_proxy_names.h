// SPDX-License-Identifier: Apache-2.0
//
// How kube-proxy names chains: hashes, so that names are short and one's own.
#ifndef FAIRLEAD_BENCH_SERVICES_KUBE_PROXY_NAMES_H_
#define FAIRLEAD_BENCH_SERVICES_KUBE_PROXY_NAMES_H_

#include <string>

#include "bench/services/cluster.h"

namespace fairlead::bench {

std::string NameOf(const Service& service);  // "default/bench", "default/svc-00000:http"

// "IHVQTT6G-default/bench/tcp/", what follows "service-" and "external-".
std::string NftablesName(const Service& service);
// "DMS3EMAKW2JB4LW2", what follows "KUBE-SVC-" and "KUBE-EXT-".
std::string IptablesName(const Service& service);
// What follows "KUBE-SEP-".
std::string IptablesName(const Service& service, const Endpoint& endpoint);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_SERVICES_KUBE_PROXY_NAMES_H_
