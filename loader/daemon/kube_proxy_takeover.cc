// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/kube_proxy_takeover.h"

#include <linux/netlink.h>

#include <algorithm>
#include <utility>

#include "base/durable_file.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "loader/netfilter/kube_proxy_rules.h"
#include "loader/netlink/links.h"

namespace fairlead {
namespace {

constexpr char kIpvsDevice[] = "kube-ipvs0";

plan::LiveFlow FlowOf(const TrackedConnection& connection) {
  return {.protocol = connection.protocol,
          .client = connection.source,
          .frontend = connection.destination,
          .answer_to = connection.reply_destination,
          .backend = connection.reply_source,
          .window_scale = connection.window_scale};
}

// kube-proxy in ipvs mode gives this device the addresses of all Services.
absl::Status RemoveIpvsDevice() {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netlink, NetlinkSocket::Open());
  FL_ASSIGN_OR_RETURN(const auto link, FindLink(netlink, kIpvsDevice));
  if (!link.has_value()) return absl::OkStatus();
  LogInfo("device={} of kube-proxy removed; `ipvsadm --clear` removes its virtual servers",
          kIpvsDevice);
  return DeleteLink(netlink, link->index);
}

// Rules of the iptables before nftables are out of reach for nftables' library.
void NameLegacyTables() {
  for (const auto& [file, tool] :
       {std::pair{"/proc/thread-self/net/ip_tables_names", "iptables-legacy"},
        {"/proc/thread-self/net/ip6_tables_names", "ip6tables-legacy"}}) {
    const absl::StatusOr<std::string> tables = ReadWholeFile(file);
    if (!tables.ok() || tables->empty()) continue;
    LogWarn(
        "{} has tables: chains of kube-proxy that `{}-save | grep KUBE-` shows are removed by "
        "`kube-proxy --cleanup`",
        tool, tool);
  }
}

}  // namespace

absl::StatusOr<KubeProxyTakeover> KubeProxyTakeover::Open() {
  FL_ASSIGN_OR_RETURN(NetlinkSocket netfilter, NetlinkSocket::Open(NETLINK_NETFILTER));
  return KubeProxyTakeover(std::move(netfilter));
}

absl::Status KubeProxyTakeover::AdoptFlows(const plan::ServicePlan& plan,
                                           const plan::WhereFlowsRun& here, Dataplane& dataplane) {
  FL_ASSIGN_OR_RETURN(std::vector<TrackedConnection> connections,
                      ListTranslatedConnections(netfilter_));
  std::erase_if(connections, [](const TrackedConnection& each) { return !each.established; });
  std::vector<plan::LiveFlow> flows;
  std::vector<TrackedConnection> adopted;
  for (const TrackedConnection& connection : connections) {
    plan::LiveFlow flow = FlowOf(connection);
    if (!plan::IsToAdopt(flow, plan, here)) continue;
    flows.push_back(std::move(flow));
    adopted.push_back(connection);
  }
  FL_ASSIGN_OR_RETURN(const apply::ImportReport report, dataplane.ImportFlows(flows));
  adopted_ = std::move(adopted);
  if (report.made != 0 || (!told_ && !connections.empty())) {
    LogInfo("kube-proxy's connections: adopted={} known={} left to the kernel={}", report.made,
            report.known, connections.size() - flows.size());
    told_ = true;
  }
  return absl::OkStatus();
}

absl::Status KubeProxyTakeover::RemoveRules() {
  // Their packets meet our flows now; the kernel's entry would outlive them by days.
  for (const TrackedConnection& connection : adopted_) {
    FL_RETURN_IF_ERROR(DeleteConnection(netfilter_, connection));
  }
  adopted_.clear();
  FL_ASSIGN_OR_RETURN(Nftables nftables, Nftables::Open());
  FL_ASSIGN_OR_RETURN(const KubeProxyRules rules, FindKubeProxyRules(nftables));
  if (!rules.empty()) {
    FL_RETURN_IF_ERROR(KeepTranslating(nftables));
    FL_RETURN_IF_ERROR(RemoveKubeProxyRules(nftables, rules));
    LogInfo("kube-proxy's rules removed: tables={} chains={} jumps={}", rules.tables.size(),
            rules.chains.size(), rules.jumps.size());
  } else {
    // What an earlier start has kept goes when a later one finds that no connection is left.
    FL_ASSIGN_OR_RETURN(const auto left, ListTranslatedConnections(netfilter_));
    if (left.empty()) FL_RETURN_IF_ERROR(StopTranslating(nftables));
  }
  FL_RETURN_IF_ERROR(RemoveIpvsDevice());
  NameLegacyTables();
  return absl::OkStatus();
}

}  // namespace fairlead
