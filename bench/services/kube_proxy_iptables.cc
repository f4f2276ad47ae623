// SPDX-License-Identifier: Apache-2.0
//
// kube-proxy's iptables mode; see kube_proxy_rules.h.
#include <fmt/format.h>

#include <iterator>

#include "bench/services/kube_proxy_names.h"
#include "bench/services/kube_proxy_rules.h"

namespace fairlead::bench {
namespace {

constexpr char kFilter[] = R"(*mangle
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*filter
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SERVICES - [0:0]
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
)";

// IPv6 has no such addresses.
constexpr char kLoopback[] = R"(*filter
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
COMMIT
)";

// Made once, when kube-proxy starts.
constexpr char kJumps[] = R"(*filter
-A INPUT -j KUBE-FIREWALL
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
COMMIT
*nat
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
COMMIT
)";

constexpr char kNatChains[] = R"(:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-SERVICES - [0:0]
)";

constexpr char kMasquerade[] = R"(-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
)";

constexpr char kNodePorts[] =
    R"(-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
)";

// Chains are declared before the first rule of their table: in pieces that
// grow side by side.
struct Nat {
  std::string chains = kNatChains;
  std::string rules = kMasquerade;

  std::string Text() const {
    return fmt::format("*nat\n{}{}{}COMMIT\n", chains, rules, kNodePorts);
  }
};

const char* PodBlock(Family family) {
  return family == Family::kIpv4 ? "10.244.0.0/16" : "fd00:10:244::/48";
}

// What goes before the Services, in whatever sync.
std::string FilterRules(const Cluster& cluster) {
  return cluster.family() == Family::kIpv4 ? std::string(kFilter) + kLoopback : kFilter;
}

void AddFrontends(const Service& service, Nat& nat) {
  const auto rules = std::back_inserter(nat.rules);
  const std::string name = IptablesName(service);
  fmt::format_to(rules,
                 "-A KUBE-SERVICES -d {} -p tcp -m comment --comment \"{} cluster IP\" -m tcp "
                 "--dport {} -j KUBE-SVC-{}\n",
                 Cidr::Of(service.front.address).ToString(), NameOf(service), service.front.port,
                 name);
  if (service.node_port == 0) return;
  const bool is_v4 = service.front.address.family() == Family::kIpv4;
  for (const char* to : {is_v4 ? "-d 127.0.0.0/8 " : "-d ::1/128 ", ""}) {
    fmt::format_to(rules,
                   "-A KUBE-NODEPORTS {}-p tcp -m comment --comment \"{}\" -m tcp --dport {} -j "
                   "KUBE-EXT-{}\n",
                   to, NameOf(service), service.node_port, name);
  }
}

void AddExternalChain(const Service& service, const std::string& name, Nat& nat) {
  fmt::format_to(std::back_inserter(nat.chains), ":KUBE-EXT-{} - [0:0]\n", name);
  fmt::format_to(std::back_inserter(nat.rules),
                 "-A KUBE-EXT-{0} -m comment --comment \"masquerade traffic for {1} external "
                 "destinations\" -j KUBE-MARK-MASQ\n"
                 "-A KUBE-EXT-{0} -j KUBE-SVC-{0}\n",
                 name, NameOf(service));
}

void AddServiceChains(const Service& service, Nat& nat) {
  const auto chains = std::back_inserter(nat.chains);
  const auto rules = std::back_inserter(nat.rules);
  const std::string name = IptablesName(service);
  if (service.node_port != 0) AddExternalChain(service, name, nat);
  fmt::format_to(chains, ":KUBE-SVC-{} - [0:0]\n", name);
  fmt::format_to(rules,
                 "-A KUBE-SVC-{} ! -s {} -d {} -p tcp -m comment --comment \"{} "
                 "cluster IP\" -m tcp --dport {} -j KUBE-MARK-MASQ\n",
                 name, PodBlock(service.front.address.family()),
                 Cidr::Of(service.front.address).ToString(), NameOf(service), service.front.port);
  for (size_t left = service.backends.size(); left > 0; --left) {
    const Endpoint& endpoint = service.backends[service.backends.size() - left].endpoint;
    const std::string backend = IptablesName(service, endpoint);
    const std::string chance =
        left == 1 ? ""
                  : fmt::format(" -m statistic --mode random --probability {:.10f}",
                                1.0 / static_cast<double>(left));
    fmt::format_to(chains, ":KUBE-SEP-{} - [0:0]\n", backend);
    fmt::format_to(rules, "-A KUBE-SVC-{}{} -j KUBE-SEP-{}\n", name, chance, backend);
    fmt::format_to(rules,
                   "-A KUBE-SEP-{0} -s {1} -j KUBE-MARK-MASQ\n"
                   "-A KUBE-SEP-{0} -p tcp -m tcp -j DNAT --to-destination {2}\n",
                   backend, Cidr::Of(endpoint.address).ToString(), endpoint.ToString());
  }
}

}  // namespace

std::string IptablesRules(const Cluster& cluster) {
  Nat nat;
  for (const Service& service : cluster.services) {
    AddFrontends(service, nat);
    AddServiceChains(service, nat);
  }
  return FilterRules(cluster) + nat.Text() + kJumps;
}

std::string IptablesChange(const Cluster& cluster, const Service& service) {
  Nat nat;
  for (const Service& other : cluster.services) AddFrontends(other, nat);
  AddServiceChains(service, nat);
  return FilterRules(cluster) + nat.Text();
}

}  // namespace fairlead::bench
