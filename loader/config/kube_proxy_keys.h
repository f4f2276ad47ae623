// SPDX-License-Identifier: Apache-2.0
//
// The keys of KubeProxyConfiguration: which flag each one is, or why it has no
// meaning here.
#ifndef FAIRLEAD_LOADER_CONFIG_KUBE_PROXY_KEYS_H_
#define FAIRLEAD_LOADER_CONFIG_KUBE_PROXY_KEYS_H_

namespace fairlead::config {

enum class Shape {
  kText,
  kTextList,
  kDuration,  // as Go writes it: "1h30m"
};

struct MappedKey {
  const char* key;
  const char* flag;
  Shape shape;
};

inline constexpr MappedKey kMappedKeys[] = {
    {"clusterCIDR", "--cluster-cidr", Shape::kText},
    {"clientConnection.kubeconfig", "--kubeconfig", Shape::kText},
    {"hostnameOverride", "--node-name", Shape::kText},
    {"healthzBindAddress", "--healthz-bind-address", Shape::kText},
    {"metricsBindAddress", "--metrics-bind-address", Shape::kText},
    {"conntrack.tcpEstablishedTimeout", "--conntrack-tcp-timeout-established", Shape::kDuration},
    {"conntrack.tcpCloseWaitTimeout", "--conntrack-tcp-timeout-close-wait", Shape::kDuration},
    {"conntrack.udpTimeout", "--conntrack-udp-timeout", Shape::kDuration},
    {"conntrack.udpStreamTimeout", "--conntrack-udp-timeout-stream", Shape::kDuration},
    {"nodePortAddresses", "--nodeport-addresses", Shape::kTextList},
};

// What kube_proxy_config.cc translates by hand: one key's meaning depends on
// another's, or on the host.
inline constexpr const char* kTranslatedKeys[] = {
    "bindAddress",
    "conntrack.maxPerCore",
    "conntrack.min",
    "logging.verbosity",
};

// A key stands for everything below it, too.
struct UnusedKey {
  const char* key;
  const char* reason;
};

inline constexpr char kAtOnce[] = "changes are applied at once";
inline constexpr char kNoMarks[] = "no packet mark is used";
inline constexpr char kSourceKept[] =
    "replies come back through this node without it; clients of a Service keep their address";
inline constexpr char kByInterface[] = "a pod is known by the interface its packets come from";
inline constexpr char kWindows[] = "is for Windows";
inline constexpr char kIpvs[] = "there is no IPVS here";
inline constexpr char kOneConnection[] = "one connection carries a handful of watches";

inline constexpr UnusedKey kUnusedKeys[] = {
    {"bindAddressHardFail", "a port that is taken is logged and tried again"},
    {"clientConnection", kOneConnection},
    {"configSyncPeriod", kAtOnce},
    {"conntrack.tcpBeLiberal", "packets out of window are always translated"},
    {"detectLocal", kByInterface},
    {"detectLocalMode", kByInterface},
    {"enableProfiling", "there is no profiling handler"},
    {"featureGates", "they are kube-proxy's"},
    {"iptables.localhostNodePorts",
     "node ports are served on the addresses of --nodeport-addresses"},
    {"iptables.masqueradeAll", kSourceKept},
    {"iptables.masqueradeBit", kNoMarks},
    {"iptables.minSyncPeriod", kAtOnce},
    {"iptables.snatNodeInternalIP", "the uplink's address is used, which others can answer"},
    {"iptables.syncPeriod", kAtOnce},
    {"ipvs", kIpvs},
    {"logging", "the log has one format, on standard error"},
    {"mode", "fairlead has one way, its own programs"},
    {"nftables.masqueradeAll", kSourceKept},
    {"nftables.masqueradeBit", kNoMarks},
    {"nftables.minSyncPeriod", kAtOnce},
    {"nftables.syncPeriod", kAtOnce},
    {"oomScoreAdj",
     "packets flow without the daemon; the service manager sets it (OOMScoreAdjust=)"},
    {"portRange", "kube-proxy has not used it since its userspace mode"},
    {"showHiddenMetricsForVersion", "there are no hidden metrics"},
    {"windowsRunAsService", kWindows},
    {"winkernel", kWindows},
};

}  // namespace fairlead::config

#endif  // FAIRLEAD_LOADER_CONFIG_KUBE_PROXY_KEYS_H_
