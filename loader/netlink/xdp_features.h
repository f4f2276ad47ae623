// SPDX-License-Identifier: Apache-2.0
//
// What a device's driver can do for XDP programs (generic netlink, family "netdev",
// Linux 6.3). Some drivers say so only while a program is attached, and a veth only
// while its other end can receive.
#ifndef FAIRLEAD_LOADER_NETLINK_XDP_FEATURES_H_
#define FAIRLEAD_LOADER_NETLINK_XDP_FEATURES_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace fairlead {

struct XdpFeatures {
  bool runs_programs = false;  // pass, drop, and send back
  bool sends = false;          // frames that a program on whatever device redirects to it
};

// Nothing of either on a kernel that does not say.
absl::StatusOr<XdpFeatures> ReadXdpFeatures(uint32_t ifindex);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_XDP_FEATURES_H_
