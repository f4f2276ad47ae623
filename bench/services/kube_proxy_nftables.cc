// SPDX-License-Identifier: Apache-2.0
//
// kube-proxy's nftables mode; see kube_proxy_rules.h.
#include <fmt/format.h>

#include <iterator>

#include "bench/services/kube_proxy_names.h"
#include "bench/services/kube_proxy_rules.h"

namespace fairlead::bench {
namespace {

// What does not depend on the Services; {} is the node's address.
constexpr char kBase[] = R"(add table ip kube-proxy {{ comment "rules for kube-proxy" ; }}
add set ip kube-proxy hairpin-connections {{ type ipv4_addr . ipv4_addr . inet_proto . inet_service ; comment "service hairpin connections" ; }}
add set ip kube-proxy cluster-ips {{ type ipv4_addr ; comment "Active ClusterIPs" ; }}
add set ip kube-proxy nodeport-ips {{ type ipv4_addr ; comment "IPs that accept NodePort traffic" ; }}
add map ip kube-proxy no-endpoint-services {{ type ipv4_addr . inet_proto . inet_service : verdict ; comment "vmap to drop or reject packets to services with no endpoints" ; }}
add map ip kube-proxy no-endpoint-nodeports {{ type inet_proto . inet_service : verdict ; comment "vmap to drop or reject packets to service nodeports with no endpoints" ; }}
add map ip kube-proxy firewall-ips {{ type ipv4_addr . inet_proto . inet_service : verdict ; comment "destinations that are subject to LoadBalancerSourceRanges" ; }}
add map ip kube-proxy service-ips {{ type ipv4_addr . inet_proto . inet_service : verdict ; comment "ClusterIP, ExternalIP and LoadBalancer IP traffic" ; }}
add map ip kube-proxy service-nodeports {{ type inet_proto . inet_service : verdict ; comment "NodePort traffic" ; }}
add chain ip kube-proxy nodeport-endpoints-check
add chain ip kube-proxy service-endpoints-check
add chain ip kube-proxy firewall-check
add chain ip kube-proxy services
add chain ip kube-proxy masquerading
add chain ip kube-proxy cluster-ips-check
add chain ip kube-proxy reject-chain {{ comment "helper for @no-endpoint-services / @no-endpoint-nodeports" ; }}
add chain ip kube-proxy filter-prerouting-pre-dnat {{ type filter hook prerouting priority -110 ; }}
add chain ip kube-proxy filter-output-pre-dnat {{ type filter hook output priority -110 ; }}
add chain ip kube-proxy filter-input {{ type filter hook input priority 0 ; }}
add chain ip kube-proxy filter-forward {{ type filter hook forward priority 0 ; }}
add chain ip kube-proxy filter-output {{ type filter hook output priority 0 ; }}
add chain ip kube-proxy nat-prerouting {{ type nat hook prerouting priority -100 ; }}
add chain ip kube-proxy nat-output {{ type nat hook output priority -100 ; }}
add chain ip kube-proxy nat-postrouting {{ type nat hook postrouting priority 100 ; }}
add rule ip kube-proxy nodeport-endpoints-check ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
add rule ip kube-proxy service-endpoints-check ip daddr . meta l4proto . th dport vmap @no-endpoint-services
add rule ip kube-proxy firewall-check ip daddr . meta l4proto . th dport vmap @firewall-ips
add rule ip kube-proxy services ip daddr @cluster-ips ip saddr != 10.244.0.0/16 meta mark set meta mark | 0x00004000 comment "masquerade clusterIP traffic from outside cluster"
add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips
add rule ip kube-proxy services ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
add rule ip kube-proxy masquerading meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random
add rule ip kube-proxy masquerading ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random
add rule ip kube-proxy cluster-ips-check ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
add rule ip kube-proxy cluster-ips-check ip daddr 10.96.0.0/12 drop comment "Drop traffic to unallocated ClusterIPs"
add rule ip kube-proxy reject-chain reject
add rule ip kube-proxy filter-prerouting-pre-dnat ct state new jump firewall-check
add rule ip kube-proxy filter-output-pre-dnat ct state new jump firewall-check
add rule ip kube-proxy filter-input ct state new jump nodeport-endpoints-check
add rule ip kube-proxy filter-input ct state new jump service-endpoints-check
add rule ip kube-proxy filter-forward ct state new jump service-endpoints-check
add rule ip kube-proxy filter-forward ct state new jump cluster-ips-check
add rule ip kube-proxy filter-output ct state new jump service-endpoints-check
add rule ip kube-proxy filter-output ct state new jump cluster-ips-check
add rule ip kube-proxy nat-prerouting jump services
add rule ip kube-proxy nat-output jump services
add rule ip kube-proxy nat-postrouting jump masquerading
add element ip kube-proxy nodeport-ips {{ {} }}
)";

using Rules = std::back_insert_iterator<std::string>;

void AddHairpin(const Cluster& cluster, const std::vector<Backend>& backends, const char* verb,
                Rules rules) {
  for (const Backend& backend : backends) {
    if (backend.node != cluster.node) continue;
    fmt::format_to(rules,
                   "{0} element ip kube-proxy hairpin-connections {{ {1} . {1} . tcp . {2} }}\n",
                   verb, backend.endpoint.address.ToString(), backend.endpoint.port);
  }
}

void AddServiceChain(const Service& service, const std::string& name, Rules rules) {
  fmt::format_to(rules,
                 "add chain ip kube-proxy service-{0}\n"
                 "flush chain ip kube-proxy service-{0}\n"
                 "add rule ip kube-proxy service-{0} meta l4proto tcp dnat ip to numgen random "
                 "mod {1} map {{",
                 name, service.backends.size());
  for (size_t i = 0; i < service.backends.size(); ++i) {
    const Endpoint& endpoint = service.backends[i].endpoint;
    fmt::format_to(rules, "{} {} : {} . {}", i == 0 ? "" : " ,", i, endpoint.address.ToString(),
                   endpoint.port);
  }
  fmt::format_to(rules, " }}\n");
}

void AddFrontends(const Service& service, const std::string& name, Rules rules) {
  fmt::format_to(rules,
                 "add element ip kube-proxy cluster-ips {{ {0} }}\n"
                 "add element ip kube-proxy service-ips {{ {0} . tcp . {1} : goto service-{2} }}\n",
                 service.front.address.ToString(), service.front.port, name);
  if (service.node_port == 0) return;
  fmt::format_to(
      rules,
      "add chain ip kube-proxy external-{0}\n"
      "flush chain ip kube-proxy external-{0}\n"
      "add rule ip kube-proxy external-{0} meta mark set meta mark | 0x00004000 "
      "comment \"masquerade\"\n"
      "add rule ip kube-proxy external-{0} goto service-{0}\n"
      "add element ip kube-proxy service-nodeports {{ tcp . {1} : goto external-{0} }}\n",
      name, service.node_port);
}

}  // namespace

std::string NftablesRules(const Cluster& cluster) {
  std::string text = fmt::format(kBase, cluster.node_address.ToString());
  const Rules rules(text);
  for (const Service& service : cluster.services) {
    const std::string name = NftablesName(service);
    AddServiceChain(service, name, rules);
    AddFrontends(service, name, rules);
    AddHairpin(cluster, service.backends, "add", rules);
  }
  return text;
}

std::string NftablesChange(const Cluster& cluster, const Service& service,
                           const std::vector<Backend>& before) {
  std::string text;
  AddServiceChain(service, NftablesName(service), Rules(text));
  AddHairpin(cluster, service.backends, "add", Rules(text));
  AddHairpin(cluster, before, "delete", Rules(text));
  return text;
}

}  // namespace fairlead::bench
