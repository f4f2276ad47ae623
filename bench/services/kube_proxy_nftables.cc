// SPDX-License-Identifier: Apache-2.0
//
// kube-proxy's nftables mode; see kube_proxy_rules.h.
#include <fmt/format.h>

#include <iterator>

#include "bench/services/kube_proxy_names.h"
#include "bench/services/kube_proxy_rules.h"

namespace fairlead::bench {
namespace {

// What does not depend on the Services: {0} is ip or ip6, {1} ipv4 or ipv6, {2} and
// {3} are the blocks of pods and Services, {4} is the node's address.
constexpr char kBase[] = R"(add table {0} kube-proxy {{ comment "rules for kube-proxy" ; }}
add set {0} kube-proxy hairpin-connections {{ type {1}_addr . {1}_addr . inet_proto . inet_service ; comment "service hairpin connections" ; }}
add set {0} kube-proxy cluster-ips {{ type {1}_addr ; comment "Active ClusterIPs" ; }}
add set {0} kube-proxy nodeport-ips {{ type {1}_addr ; comment "IPs that accept NodePort traffic" ; }}
add map {0} kube-proxy no-endpoint-services {{ type {1}_addr . inet_proto . inet_service : verdict ; comment "vmap to drop or reject packets to services with no endpoints" ; }}
add map {0} kube-proxy no-endpoint-nodeports {{ type inet_proto . inet_service : verdict ; comment "vmap to drop or reject packets to service nodeports with no endpoints" ; }}
add map {0} kube-proxy firewall-ips {{ type {1}_addr . inet_proto . inet_service : verdict ; comment "destinations that are subject to LoadBalancerSourceRanges" ; }}
add map {0} kube-proxy service-ips {{ type {1}_addr . inet_proto . inet_service : verdict ; comment "ClusterIP, ExternalIP and LoadBalancer IP traffic" ; }}
add map {0} kube-proxy service-nodeports {{ type inet_proto . inet_service : verdict ; comment "NodePort traffic" ; }}
add chain {0} kube-proxy nodeport-endpoints-check
add chain {0} kube-proxy service-endpoints-check
add chain {0} kube-proxy firewall-check
add chain {0} kube-proxy services
add chain {0} kube-proxy masquerading
add chain {0} kube-proxy cluster-ips-check
add chain {0} kube-proxy reject-chain {{ comment "helper for @no-endpoint-services / @no-endpoint-nodeports" ; }}
add chain {0} kube-proxy filter-prerouting-pre-dnat {{ type filter hook prerouting priority -110 ; }}
add chain {0} kube-proxy filter-output-pre-dnat {{ type filter hook output priority -110 ; }}
add chain {0} kube-proxy filter-input {{ type filter hook input priority 0 ; }}
add chain {0} kube-proxy filter-forward {{ type filter hook forward priority 0 ; }}
add chain {0} kube-proxy filter-output {{ type filter hook output priority 0 ; }}
add chain {0} kube-proxy nat-prerouting {{ type nat hook prerouting priority -100 ; }}
add chain {0} kube-proxy nat-output {{ type nat hook output priority -100 ; }}
add chain {0} kube-proxy nat-postrouting {{ type nat hook postrouting priority 100 ; }}
add rule {0} kube-proxy nodeport-endpoints-check {0} daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
add rule {0} kube-proxy service-endpoints-check {0} daddr . meta l4proto . th dport vmap @no-endpoint-services
add rule {0} kube-proxy firewall-check {0} daddr . meta l4proto . th dport vmap @firewall-ips
add rule {0} kube-proxy services {0} daddr @cluster-ips {0} saddr != {2} meta mark set meta mark | 0x00004000 comment "masquerade clusterIP traffic from outside cluster"
add rule {0} kube-proxy services {0} daddr . meta l4proto . th dport vmap @service-ips
add rule {0} kube-proxy services {0} daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
add rule {0} kube-proxy masquerading meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random
add rule {0} kube-proxy masquerading ct status dnat {0} saddr . {0} daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random
add rule {0} kube-proxy cluster-ips-check {0} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
add rule {0} kube-proxy cluster-ips-check {0} daddr {3} drop comment "Drop traffic to unallocated ClusterIPs"
add rule {0} kube-proxy reject-chain reject
add rule {0} kube-proxy filter-prerouting-pre-dnat ct state new jump firewall-check
add rule {0} kube-proxy filter-output-pre-dnat ct state new jump firewall-check
add rule {0} kube-proxy filter-input ct state new jump nodeport-endpoints-check
add rule {0} kube-proxy filter-input ct state new jump service-endpoints-check
add rule {0} kube-proxy filter-forward ct state new jump service-endpoints-check
add rule {0} kube-proxy filter-forward ct state new jump cluster-ips-check
add rule {0} kube-proxy filter-output ct state new jump service-endpoints-check
add rule {0} kube-proxy filter-output ct state new jump cluster-ips-check
add rule {0} kube-proxy nat-prerouting jump services
add rule {0} kube-proxy nat-output jump services
add rule {0} kube-proxy nat-postrouting jump masquerading
add element {0} kube-proxy nodeport-ips {{ {4} }}
)";

using Rules = std::back_insert_iterator<std::string>;

const char* TableFamily(const IpAddress& address) {
  return address.family() == Family::kIpv4 ? "ip" : "ip6";
}

std::string BaseRules(const Cluster& cluster) {
  const bool is_v4 = cluster.family() == Family::kIpv4;
  return fmt::format(kBase, TableFamily(cluster.node_address), is_v4 ? "ipv4" : "ipv6",
                     is_v4 ? "10.244.0.0/16" : "fd00:10:244::/48",
                     is_v4 ? "10.96.0.0/12" : "fd00:10:96::/112", cluster.node_address.ToString());
}

void AddHairpin(const Cluster& cluster, const std::vector<Backend>& backends, const char* verb,
                Rules rules) {
  for (const Backend& backend : backends) {
    if (backend.node != cluster.node) continue;
    fmt::format_to(rules,
                   "{0} element {3} kube-proxy hairpin-connections {{ {1} . {1} . tcp . {2} }}\n",
                   verb, backend.endpoint.address.ToString(), backend.endpoint.port,
                   TableFamily(cluster.node_address));
  }
}

void AddServiceChain(const Service& service, const std::string& name, Rules rules) {
  fmt::format_to(
      rules,
      "add chain {family} kube-proxy service-{0}\n"
      "flush chain {family} kube-proxy service-{0}\n"
      "add rule {family} kube-proxy service-{0} meta l4proto tcp dnat {family} to numgen random "
      "mod {1} map {{",
      name, service.backends.size(), fmt::arg("family", TableFamily(service.front.address)));
  for (size_t i = 0; i < service.backends.size(); ++i) {
    const Endpoint& endpoint = service.backends[i].endpoint;
    fmt::format_to(rules, "{} {} : {} . {}", i == 0 ? "" : " ,", i, endpoint.address.ToString(),
                   endpoint.port);
  }
  fmt::format_to(rules, " }}\n");
}

void AddFrontends(const Service& service, const std::string& name, Rules rules) {
  fmt::format_to(
      rules,
      "add element {family} kube-proxy cluster-ips {{ {0} }}\n"
      "add element {family} kube-proxy service-ips {{ {0} . tcp . {1} : goto service-{2} }}\n",
      service.front.address.ToString(), service.front.port, name,
      fmt::arg("family", TableFamily(service.front.address)));
  if (service.node_port == 0) return;
  fmt::format_to(
      rules,
      "add chain {family} kube-proxy external-{0}\n"
      "flush chain {family} kube-proxy external-{0}\n"
      "add rule {family} kube-proxy external-{0} meta mark set meta mark | 0x00004000 "
      "comment \"masquerade\"\n"
      "add rule {family} kube-proxy external-{0} goto service-{0}\n"
      "add element {family} kube-proxy service-nodeports {{ tcp . {1} : goto external-{0} }}\n",
      name, service.node_port, fmt::arg("family", TableFamily(service.front.address)));
}

}  // namespace

std::string NftablesRules(const Cluster& cluster) {
  std::string text = BaseRules(cluster);
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
