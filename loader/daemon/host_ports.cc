// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/host_ports.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/netlink/sysctls.h"

namespace fairlead {
namespace {

// "32768\t60999"
absl::StatusOr<plan::PortRange> EphemeralPorts() {
  FL_ASSIGN_OR_RETURN(std::string text, ReadSysctl("net.ipv4.ip_local_port_range"));
  std::ranges::replace(text, '\t', '-');
  return plan::ParsePortRange(text);
}

absl::StatusOr<std::vector<plan::PortRange>> TakenPorts(const Options& options) {
  FL_ASSIGN_OR_RETURN(const std::string reserved, ReadSysctl("net.ipv4.ip_local_reserved_ports"));
  FL_ASSIGN_OR_RETURN(std::vector<plan::PortRange> taken, plan::ParsePortList(reserved));
  FL_ASSIGN_OR_RETURN(const plan::PortRange ephemeral, EphemeralPorts());
  taken.push_back(ephemeral);
  if (!options.node_ports.empty()) {
    FL_ASSIGN_OR_RETURN(const plan::PortRange node_ports, plan::ParsePortRange(options.node_ports));
    taken.push_back(node_ports);
  }
  return taken;
}

bool Overlap(const plan::PortRange& a, const plan::PortRange& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

absl::StatusOr<plan::PortRange> FindMasqueradePorts(const Options& options) {
  FL_ASSIGN_OR_RETURN(const std::vector<plan::PortRange> taken, TakenPorts(options));
  if (options.masquerade_ports.empty()) {
    FL_ASSIGN_OR_RETURN(const plan::PortRange chosen, plan::ChooseMasqueradePorts(taken));
    LogInfo("masquerade ports={} (outside of the host's ephemeral, reserved and NodePort ranges)",
            chosen.ToString());
    return chosen;
  }
  FL_ASSIGN_OR_RETURN(const plan::PortRange asked, plan::ParsePortRange(options.masquerade_ports));
  for (const plan::PortRange& range : taken) {
    if (Overlap(asked, range)) {
      LogWarn(
          "--masquerade-ports {} overlaps {}, which the host uses itself: its own connections "
          "may fail",
          asked.ToString(), range.ToString());
    }
  }
  LogInfo("masquerade ports={} (as asked)", asked.ToString());
  return asked;
}

}  // namespace fairlead
