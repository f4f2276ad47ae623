// SPDX-License-Identifier: Apache-2.0
//
// Whether packets leave a device with checksums that somebody behind it is to
// complete (ethtool -K DEVICE tx on|off).
#ifndef FAIRLEAD_LOADER_NETLINK_CHECKSUM_OFFLOAD_H_
#define FAIRLEAD_LOADER_NETLINK_CHECKSUM_OFFLOAD_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fairlead {

absl::StatusOr<bool> HasChecksumOffload(const std::string& device);
// From now on the kernel completes them before the device. Slower, and never wrong.
absl::Status SwitchChecksumOffloadOff(const std::string& device);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_CHECKSUM_OFFLOAD_H_
