// SPDX-License-Identifier: Apache-2.0
//
// Which settings of the host's stack pods depend on, and why:
//
//   ip_forward, forwarding   the stack forwards for pods what leaves by no uplink,
//                            and the programs' route lookup refuses without it
//   rp_filter                pods and other nodes' pods talk to host processes; a
//                            strict filter (1) drops them where the way back
//                            is another device. The stack takes the larger of the
//                            device's and all's value, so loose (2) is right
//                            whatever `all` says
//   accept_ra                a forwarding host does not listen to routers unless
//                            told so (2); one that did not listen shall not begin
#ifndef FAIRLEAD_LOADER_DAEMON_WANTED_SYSCTLS_H_
#define FAIRLEAD_LOADER_DAEMON_WANTED_SYSCTLS_H_

#include <string>
#include <vector>

#include "loader/daemon/sysctl_keeper.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

// Looks at the present values, too: what is harmless is left as it is.
std::vector<WantedSysctl> WantedHostSysctls(const std::vector<std::string>& uplinks);
// Of the host end of the pod's veth pair.
std::vector<WantedSysctl> WantedPodSysctls(const LocalPod& pod);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_WANTED_SYSCTLS_H_
